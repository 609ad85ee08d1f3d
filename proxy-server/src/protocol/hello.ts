import { isCode, isId } from './ids.ts';
import { MalformedError } from './malformed.ts';

/**
 * Who gets the exchanges of a code. `exclusive`: one agent alone. `balance`: each goes to one of several
 * agents. `broadcast`: each agent gets every one, and the first to have joined gives the reply.
 */
export const SHARES = ['exclusive', 'balance', 'broadcast'] as const;

export type Share = (typeof SHARES)[number];

/** What becomes of callers while the tunnel is up, and while it is not. */
export interface TunnelPolicy {
  /** `wait`: the caller gets the target's answer. `accept`: 202 as soon as an agent has the request. */
  readonly reply: 'wait' | 'accept';
  /** `exclusive` if absent. Agents of one code must agree in both. */
  readonly share?: Share;
}

/** The agent introduces itself: POST of JSON. */
export interface HelloRequest {
  /** The versions of the wire that the agent speaks. */
  readonly protocol: { readonly min: number; readonly max: number };
  /** Name and version of the agent's software, for logs and for messages to people. */
  readonly software: string;
  /** 32 hexadecimal digits, made anew whenever an agent starts. A hello again resumes its session. */
  readonly instance: string;
  /** 32 hexadecimal digits, the same after a restart in the same place: it may take its code back. */
  readonly installation: string;
  readonly code: string;
  /** Take the code from whoever has it. */
  readonly takeover: boolean;
  readonly policy: TunnelPolicy;
}

/** The proxy's answer: JSON. */
export interface HelloAnswer {
  readonly protocol: number;
  /** To be sent with every further request, in Caronte-Session. */
  readonly session: string;
  /** Addresses under which callers reach the tunnel, best first. */
  readonly publicUrls: readonly string[];
  /** Longest wait of a poll, in seconds. */
  readonly maxWaitSeconds: number;
  /** Longest time from a request's arrival to the first byte of its answer, in seconds. */
  readonly maxResponseSeconds: number;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
}

/** Reads a hello from parsed JSON. Throws {@link MalformedError} that names the wrong member. */
export function readHello(value: unknown): HelloRequest {
  const hello = object(value, 'hello');
  const protocol = object(hello['protocol'], 'protocol');
  const policy = object(hello['policy'], 'policy');
  const reply = policy['reply'];
  if (reply !== 'wait' && reply !== 'accept') throw wrong('policy.reply');
  const share = SHARES.find(
    (known) => known === (policy['share'] === undefined ? 'exclusive' : policy['share']),
  );
  if (share === undefined) throw wrong('policy.share');
  const code = text(hello['code'], 'code', 63);
  if (!isCode(code)) {
    throw new MalformedError(
      'the code must be 1 to 63 letters, digits, "-" or "_", with a letter or digit at both ends',
    );
  }
  return {
    protocol: {
      min: whole(protocol['min'], 'protocol.min'),
      max: whole(protocol['max'], 'protocol.max'),
    },
    software: text(hello['software'], 'software', 200),
    instance: id(hello['instance'], 'instance'),
    installation: id(hello['installation'], 'installation'),
    code,
    takeover: hello['takeover'] === true,
    policy: { reply, share },
  };
}

/** Reads the answer to a hello from parsed JSON. Throws {@link MalformedError}. */
export function readHelloAnswer(value: unknown): HelloAnswer {
  const answer = object(value, 'answer');
  const urls = answer['publicUrls'];
  if (!Array.isArray(urls) || !urls.every((url): url is string => typeof url === 'string')) {
    throw wrong('publicUrls');
  }
  return {
    protocol: whole(answer['protocol'], 'protocol'),
    session: id(answer['session'], 'session'),
    publicUrls: urls,
    maxWaitSeconds: whole(answer['maxWaitSeconds'], 'maxWaitSeconds'),
    maxResponseSeconds: whole(answer['maxResponseSeconds'], 'maxResponseSeconds'),
    maxBodyBytes: whole(answer['maxBodyBytes'], 'maxBodyBytes'),
  };
}

function wrong(name: string): MalformedError {
  return new MalformedError(`"${name}" is missing or wrong`);
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name);
  return value as Record<string, unknown>;
}

function text(value: unknown, name: string, max: number): string {
  if (typeof value !== 'string' || value.length > max || /[^\x20-\x7e]/.test(value))
    throw wrong(name);
  return value;
}

function id(value: unknown, name: string): string {
  if (typeof value !== 'string' || !isId(value)) throw wrong(name);
  return value;
}

function whole(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(name);
  return value;
}
