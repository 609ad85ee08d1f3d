import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import {
  AGENT_PATHS,
  type CancelReason,
  decodeCancel,
  decodeExchange,
  decodeQueue,
  decodeResult,
  decodeWaiting,
  encodeAcknowledge,
  type ExchangeHead,
  FIELD,
  type HelloAnswer,
  type HelloRequest,
  type QueueState,
  RECORD,
  RecordDecoder,
  RECORDS_TYPE,
} from '../../src/protocol/index.ts';
import { within } from './wait.ts';

export const SECRET = 'a secret of the tests';
const VERSION = Buffer.from([1]);

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
  /** The stable code, if it is a problem. */
  readonly problem: string | undefined;
}

/** JSON of the queue's requests; members that a test names are there. */
export interface QueueAnswer extends Answer {
  readonly json: unknown;
}

export interface Taken {
  readonly head: ExchangeHead;
  readonly body: Buffer;
}

export interface PollAnswer extends Answer {
  readonly exchanges: readonly Taken[];
  readonly cancelled: readonly { readonly id: string; readonly reason: CancelReason }[];
  readonly waiting: number;
  readonly takenOverBy: string | undefined;
  readonly draining: boolean;
  readonly queue: QueueState | undefined;
}

export interface OpenPoll {
  readonly answer: Promise<PollAnswer>;
  readonly request: ClientRequest;
}

/** Records from a body of them: types and payloads in turn; DATA comes as one record a piece. */
export function readRecords(body: Buffer): { type: number; payload: Buffer }[] {
  const records: { type: number; payload: Buffer }[] = [];
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.alloc(size),
    onRecord: (type, payload) => records.push({ type, payload: Buffer.from(payload) }),
    onData: (piece) => records.push({ type: RECORD.data, payload: Buffer.from(piece) }),
  });
  decoder.push(body);
  decoder.finish();
  return records;
}

/** A body of records: strings are Latin-1. */
export function records(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat([
    VERSION,
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  ]);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

let instances = 0;

/** 32 hexadecimal digits, different each time. */
export function freshId(): string {
  instances += 1;
  return instances.toString(16).padStart(32, '0');
}

/** An agent that does nothing by itself: a test speaks the protocol through it, one step at a time. */
export class TestAgent {
  readonly port: number;
  readonly instance = freshId();
  readonly secret: string;
  session = '';
  /** What the last hello was answered. */
  welcome: HelloAnswer | undefined;
  /** The certificate that the proxy must have; without it there is no TLS. */
  readonly #ca: string | undefined;

  constructor(port: number, secret = SECRET, ca?: string) {
    this.port = port;
    this.secret = secret;
    this.#ca = ca;
  }

  async hello(more: Partial<HelloRequest> = {}): Promise<Answer> {
    const hello: HelloRequest = {
      protocol: { min: 1, max: 1 },
      software: 'test/1',
      instance: this.instance,
      installation: this.instance,
      code: 'orders',
      takeover: false,
      policy: { reply: 'wait' },
      ...more,
    };
    const answer = await this.send(AGENT_PATHS.hello, JSON.stringify(hello));
    if (answer.status === 200) {
      this.welcome = JSON.parse(answer.body.toString()) as HelloAnswer;
      this.session = this.welcome.session;
    }
    return answer;
  }

  /** Opens a poll. */
  startPoll(
    options: { acknowledge?: readonly string[]; capacity?: number; wait?: number } = {},
  ): OpenPoll {
    const { acknowledge = [], capacity, wait = 50 } = options;
    const outgoing = this.open('POST', AGENT_PATHS.poll, {
      [FIELD.wait]: String(wait),
      ...(capacity !== undefined && { [FIELD.capacity]: String(capacity) }),
    });
    outgoing.end(records(...(acknowledge.length > 0 ? [encodeAcknowledge(acknowledge)] : [])));
    return { request: outgoing, answer: gather(outgoing).then(readPoll) };
  }

  async poll(options?: Parameters<TestAgent['startPoll']>[0]): Promise<PollAnswer> {
    return within(this.startPoll(options).answer, 'a poll');
  }

  /** Polls for one exchange; it is not acknowledged. */
  async take(): Promise<Taken> {
    const { exchanges } = await this.poll({ capacity: 1 });
    const [taken] = exchanges;
    if (taken === undefined) throw new Error('the poll brought no exchange');
    return taken;
  }

  /** Sends replies. Resolves with the answer and, by id, whether each was delivered. */
  async reply(...parts: readonly (string | Buffer)[]) {
    const answer = await this.send(AGENT_PATHS.reply, records(...parts));
    return { ...answer, results: answer.status === 200 ? results(answer.body) : [] };
  }

  /** Fetches the body of an exchange. */
  fetchBody(id: string): Promise<Answer> {
    const outgoing = this.open('GET', AGENT_PATHS.body + id);
    outgoing.end();
    return within(gather(outgoing), 'a body');
  }

  /** Fetches what is known of queues, or changes it. */
  async queue(method: string, path: string, body?: object): Promise<QueueAnswer> {
    const outgoing = this.open(method, AGENT_PATHS.queue + path);
    outgoing.end(body === undefined ? '' : JSON.stringify(body));
    const answer = await within(gather(outgoing), path);
    return { ...answer, json: answer.status === 200 ? parsed(answer.body) : undefined };
  }

  bye(acknowledge: readonly string[] = []): Promise<Answer> {
    return this.send(
      AGENT_PATHS.bye,
      records(...(acknowledge.length > 0 ? [encodeAcknowledge(acknowledge)] : [])),
    );
  }

  /** Any request of an agent's, with a whole body. */
  send(path: string, body: string | Buffer, fields: Record<string, string> = {}): Promise<Answer> {
    const outgoing = this.open('POST', path, fields);
    outgoing.end(body);
    return within(gather(outgoing), path);
  }

  /** Begins a request on a connection of its own. */
  open(method: string, path: string, fields: Record<string, string> = {}): ClientRequest {
    const make = this.#ca === undefined ? request : secureRequest;
    const outgoing = make({
      host: '127.0.0.1',
      ...(this.#ca === undefined ? {} : { ca: this.#ca }),
      port: this.port,
      agent: false,
      method,
      path,
      headers: {
        Authorization: `Bearer ${this.secret}`,
        [FIELD.session]: this.session,
        'Content-Type': RECORDS_TYPE,
        ...fields,
      },
    });
    outgoing.on('error', () => undefined);
    return outgoing;
  }
}

/** The whole answer to a request; rejects if the connection breaks. */
export function gather(outgoing: ClientRequest): Promise<Answer> {
  const gathered = new Promise<Answer>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('close', () => reject(new Error('the connection broke')));
    outgoing.on('response', (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          retryAfter: incoming.headers['retry-after'],
          body: Buffer.concat(chunks),
          problem: incoming.headers['caronte-error'] as string | undefined,
        });
      });
    });
  });
  // A test that breaks a connection on purpose may never look.
  gathered.catch(() => undefined);
  return gathered;
}

export function results(body: Buffer): { id: string; outcome: number }[] {
  return readRecords(body)
    .filter(({ type }) => type === RECORD.result)
    .map(({ payload }) => decodeResult(payload));
}

function readPoll(answer: Answer): PollAnswer {
  const all = answer.status === 200 ? readRecords(answer.body) : [];
  const of = (type: number) => all.filter((record) => record.type === type);
  const [waiting] = of(RECORD.waiting);
  const [takenOver] = of(RECORD.takenOver);
  const queue = of(RECORD.queue).at(-1);
  return {
    ...answer,
    exchanges: of(RECORD.exchange).map(({ payload }) => {
      const { head, body } = decodeExchange(payload);
      return { head, body: Buffer.from(body) };
    }),
    cancelled: of(RECORD.cancel).map(({ payload }) => decodeCancel(payload)),
    waiting: waiting === undefined ? 0 : decodeWaiting(waiting.payload),
    takenOverBy: takenOver?.payload.toString('latin1'),
    draining: of(RECORD.draining).length > 0,
    queue: queue === undefined ? undefined : decodeQueue(queue.payload),
  };
}
