import {
  AGENT_PATHS,
  decodeAcknowledge,
  encodeExchange,
  type ExchangeHead,
  type HelloRequest,
  RECORD,
  RecordDecoder,
} from 'caronte-proxy/protocol';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './wait.ts';

/** A request of an agent's that waits for a test to answer it. */
export interface Asked {
  readonly path: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

/** Records of a body: types and payloads in turn. */
export function readRecords(body: Buffer): { type: number; payload: Buffer }[] {
  const all: { type: number; payload: Buffer }[] = [];
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.alloc(size),
    onRecord: (type, payload) => all.push({ type, payload: Buffer.from(payload) }),
    onData: (piece) => all.push({ type: RECORD.data, payload: Buffer.from(piece) }),
  });
  decoder.push(body);
  decoder.finish();
  return all;
}

/** A body of records: strings are Latin-1. */
export function records(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat([
    Buffer.from([1]),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  ]);
}

let ids = 0;

/** 32 hexadecimal digits, different each time. */
export function freshId(): string {
  ids += 1;
  return ids.toString(16).padStart(32, '0');
}

/** The record of an exchange without a body. */
export function exchange(id: string, more: Partial<ExchangeHead> = {}): string {
  return encodeExchange(
    {
      id,
      method: 'GET',
      target: '/',
      receivedAt: 1,
      patienceMs: 120_000,
      attempt: 1,
      caller: '203.0.113.7',
      httpVersion: '1.1',
      body: { kind: 'none' },
      fields: [],
      ...more,
    },
    0,
  );
}

/** A proxy on a free port that answers what a test tells it to, when it tells it to. */
export class FakeProxy {
  readonly asked: Asked[] = [];
  readonly session = freshId();
  readonly #watched = new Map<string, Buffer[]>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      this.#watched.get(request.url ?? '')?.push(chunk);
    });
    request.on('end', () => {
      this.asked.push({ path: request.url ?? '', request, response, body: Buffer.concat(chunks) });
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** What comes in requests with that path from now on, whether they end or break off. */
  pieces(path: string): readonly Buffer[] {
    const pieces: Buffer[] = [];
    this.#watched.set(path, pieces);
    return pieces;
  }

  /** Takes the oldest request with that path whose connection is open. */
  async next(path: string, matches: (asked: Asked) => boolean = () => true): Promise<Asked> {
    const find = (): number =>
      this.asked.findIndex(
        (asked) => asked.path === path && !asked.response.destroyed && matches(asked),
      );
    await until(() => find() >= 0, path);
    const [asked] = this.asked.splice(find(), 1);
    if (asked === undefined) throw new Error(path);
    return asked;
  }

  /** Answers a hello. */
  async welcome(more: object = {}): Promise<HelloRequest> {
    const hello = await this.next(AGENT_PATHS.hello);
    const answer = {
      protocol: 1,
      session: this.session,
      publicUrls: [],
      maxWaitSeconds: 120,
      maxResponseSeconds: 120,
      maxBodyBytes: 1024,
      ...more,
    };
    hello.response.end(JSON.stringify(answer));
    return JSON.parse(hello.body.toString()) as HelloRequest;
  }

  /** The next poll that has room for work. */
  poll(): Promise<Asked> {
    return this.next(AGENT_PATHS.poll, (asked) => capacity(asked) > 0);
  }

  /** Polls that wait for an answer. */
  get openPolls(): Asked[] {
    return this.asked.filter(
      ({ path, response }) => path === AGENT_PATHS.poll && !response.destroyed,
    );
  }
}

/** How many exchanges the answer to a poll may bring. */
export function capacity({ request }: Asked): number {
  return Number(request.headers['caronte-capacity']);
}

/** The ids that a poll or a good-bye acknowledges. */
export function acknowledged({ body }: Asked): string[] {
  return readRecords(body)
    .filter(({ type }) => type === RECORD.acknowledge)
    .flatMap(({ payload }) => decodeAcknowledge(payload));
}

/** Answers with a problem, as a proxy does. */
export function refuse(
  { response }: Asked,
  status: number,
  code: string,
  retryAfter?: number,
): void {
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  response.statusCode = status;
  response.end(JSON.stringify({ code, detail: `detail of ${code}` }));
}
