import { isCode } from './ids.ts';
import { MalformedError } from './malformed.ts';
import {
  type Missed,
  OFFLINE,
  type Offline,
  type QueuePolicy,
  type QueueState,
  readMissed,
  readQueuePolicy,
  readQueueState,
} from './queue.ts';
import { id, object, text, whole, wrong } from './read-json.ts';

/**
 * Who gets the exchanges of a code. `exclusive`: one agent alone. `balance`: each goes to one of several
 * agents. `broadcast`: each agent gets every one, and the first to have joined gives the reply.
 */
export const SHARES = ['exclusive', 'balance', 'broadcast'] as const;

export type Share = (typeof SHARES)[number];

/** What becomes of callers while the tunnel is up, and while it is not. Agents of one code must agree. */
export interface TunnelPolicy {
  /**
   * `wait`: the caller gets the target's answer. `accept`: 202 as soon as the request is in the
   * proxy's queue, or at an agent where the proxy keeps no queue.
   */
  readonly reply: 'wait' | 'accept';
  /** `exclusive` if absent. */
  readonly share?: Share;
  /** Requests that nobody can take now: `refuse` (if absent) them, or answer 202 and `queue` them. */
  readonly offline?: Offline;
  /** How queued requests are kept and delivered; {@link QUEUE_DEFAULTS} if absent. */
  readonly queue?: QueuePolicy;
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
  /** What the tunnel's queue holds; absent if the proxy keeps none. */
  readonly queue?: QueueState;
  /** What could not be kept since an agent of the code was told last. */
  readonly missed?: Missed;
}

/** Reads a hello from parsed JSON. Throws {@link MalformedError} that names the wrong member. */
export function readHello(value: unknown): HelloRequest {
  const hello = object(value, 'hello');
  const protocol = object(hello['protocol'], 'protocol');
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
    policy: readPolicy(hello['policy']),
  };
}

/** Reads a tunnel's policy from parsed JSON. Throws {@link MalformedError}. */
export function readPolicy(value: unknown): TunnelPolicy {
  const policy = object(value, 'policy');
  const reply = policy['reply'];
  if (reply !== 'wait' && reply !== 'accept') throw wrong('policy.reply');
  const share = SHARES.find(
    (known) => known === (policy['share'] === undefined ? 'exclusive' : policy['share']),
  );
  if (share === undefined) throw wrong('policy.share');
  const offline = OFFLINE.find(
    (known) => known === (policy['offline'] === undefined ? 'refuse' : policy['offline']),
  );
  if (offline === undefined) throw wrong('policy.offline');
  return { reply, share, offline, queue: readQueuePolicy(policy['queue']) };
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
    ...(answer['queue'] !== undefined && { queue: readQueueState(answer['queue']) }),
    ...(answer['missed'] !== undefined && { missed: readMissed(answer['missed']) }),
  };
}
