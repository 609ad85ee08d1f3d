import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { type Duplex, Readable, type Writable } from 'node:stream';
import { buffer, text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type DocumentExchange, endToEnd, fieldsForTarget, readExchange } from './exchange.ts';
import { record, RecordReader, splitBody, text, TYPE, VERSION, withBody } from './records.ts';
import { drained, fetchedBytes, fromMessage, fromSocket } from './streams.ts';

/** How long a response may take to become complete and still travel whole, in milliseconds. */
const GATHER_MS = 10;
const WHOLE_BYTES = 64 * 1024;
/** A stream that has nothing to say for so long shows a sign of life, in milliseconds. */
const SIGN_OF_LIFE_MS = 30_000;

/** How an exchange ended. */
export type DocumentEnd = 'delivered' | 'gone' | 'cancelled';

export interface DocumentAgentOptions {
  readonly port: number;
  readonly secret: string;
  readonly code: string;
  readonly targetPort: number;
}

/**
 * An agent written from docs/protocol.md alone, on `node:http` alone. It does not come back after a
 * loss: tests that use it have none.
 */
export class DocumentAgent {
  /** How exchanges ended, by the target's path. */
  readonly ends = new Map<string, DocumentEnd>();
  /** How responses travelled, by the target's path. */
  readonly forms = new Map<string, 'whole' | 'pieces'>();
  readonly #options: DocumentAgentOptions;
  /** What breaks the target's connection off, by the id of the exchange. */
  readonly #inHand = new Map<string, () => void>();
  readonly #seen = new Set<string>();
  #session = '';
  #acknowledge: string[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;
  #error: unknown;

  constructor(options: DocumentAgentOptions) {
    this.#options = options;
  }

  /** Says hello, and begins to poll. */
  async start(): Promise<void> {
    const hello = {
      protocol: { min: 1, max: 1 },
      software: 'document-agent/1',
      instance: randomBytes(16).toString('hex'),
      installation: randomBytes(16).toString('hex'),
      code: this.#options.code,
      takeover: false,
      policy: { reply: 'wait' },
    };
    const outgoing = this.#open('POST', '/agent/hello');
    outgoing.end(JSON.stringify(hello));
    const answer = await arrival(outgoing);
    const body = await textOf(answer);
    if (answer.statusCode !== 200) throw new Error(`hello: ${answer.statusCode} ${body}`);
    this.#session = (JSON.parse(body) as { session: string }).session;
    this.#running = this.#poll();
  }

  /** Says good-bye. Throws what has gone wrong meanwhile. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const outgoing = this.#open('POST', '/agent/bye');
    outgoing.end(this.#acknowledgement());
    const answer = await arrival(outgoing);
    answer.resume();
    await this.#running;
    if (answer.statusCode !== 204) throw new Error(`bye: ${answer.statusCode}`);
    if (this.#error !== undefined) throw this.#error;
  }

  #open(method: string, path: string, fields: Record<string, string> = {}): ClientRequest {
    const { port, secret } = this.#options;
    const session = this.#session === '' ? {} : { 'Caronte-Session': this.#session };
    const headers = { Authorization: `Bearer ${secret}`, ...session, ...fields };
    return request({ host: '127.0.0.1', port, method, path, headers });
  }

  #acknowledgement(): Buffer {
    const ids = this.#acknowledge.splice(0);
    if (ids.length === 0) return VERSION;
    return Buffer.concat([VERSION, record(TYPE.acknowledge, Buffer.from(ids.join('')))]);
  }

  async #poll(): Promise<void> {
    while (!this.#stopped) {
      const fields = { 'Caronte-Wait': '50', 'Caronte-Capacity': '16' };
      const outgoing = this.#open('POST', '/agent/poll', fields);
      outgoing.end(this.#acknowledgement());
      const answer = await arrival(outgoing);
      const body = await buffer(answer);
      if (answer.statusCode === 204) continue;
      if (answer.statusCode !== 200) throw new Error(`poll: ${answer.statusCode}`);
      for (const { type, payload } of new RecordReader().push(body)) this.#take(type, payload);
    }
  }

  #take(type: number, payload: Buffer): void {
    if (type === TYPE.cancel) {
      this.#inHand.get(payload.toString('latin1', 0, 32))?.();
    } else if (type === TYPE.exchange) {
      const [id = ''] = splitBody(payload).items;
      this.#acknowledge.push(id);
      if (this.#seen.has(id)) return;
      this.#seen.add(id);
      this.#handle(readExchange(payload)).catch((error: unknown) => {
        this.#error ??= error;
      });
    }
  }

  async #handle(exchange: DocumentExchange): Promise<void> {
    const { id, method, target } = exchange;
    const to = { host: '127.0.0.1', port: this.#options.targetPort };
    const headers = fieldsForTarget(exchange, `127.0.0.1:${to.port}`);
    const outgoing = request({
      ...{ method, path: target, headers },
      // Either end of a WebSocket may close its direction and go on reading.
      createConnection: () => connect({ ...to, allowHalfOpen: exchange.form === 'upgrade' }),
    });
    const breakOff = (): void => void outgoing.destroy();
    this.#inHand.set(id, breakOff);
    try {
      const answer = arrival(outgoing);
      if (exchange.form === 'stream') void this.#fetchBody(id, outgoing, breakOff);
      else outgoing.end(exchange.body);
      this.ends.set(target, await this.#reply(exchange, await answer));
    } catch {
      // Either the proxy said that nobody wants the answer any more, or the target gave none.
      const failure = text(id, 'target_broke_off', 'The target broke off.');
      const end = await this.#send(id, [record(TYPE.failure, failure)]);
      this.ends.set(target, end === 'gone' ? 'cancelled' : end);
    } finally {
      this.#inHand.delete(id);
    }
  }

  async #fetchBody(id: string, target: Writable, breakOff: () => void): Promise<void> {
    const fetching = this.#open('GET', `/agent/body/${id}`);
    fetching.end();
    // A target that takes no more says so to the proxy in this way alone.
    target.once('close', () => fetching.destroy());
    try {
      for await (const piece of fetchedBytes(await arrival(fetching))) {
        if (!target.write(piece)) await drained(target);
      }
      target.end();
    } catch {
      breakOff();
    }
  }

  /** Whole if the response is small and quick, else in pieces. */
  async #reply(exchange: DocumentExchange, answer: IncomingMessage): Promise<DocumentEnd> {
    const status = String(answer.statusCode);
    const head = [exchange.id, status, answer.statusMessage ?? '', ...endToEnd(answer.rawHeaders)];
    if (answer.statusCode === 101) return await this.#switch(exchange, head, answer);
    const gathered: Buffer[] = [];
    let size = 0;
    const complete = await new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), GATHER_MS);
      answer.on('data', (chunk: Buffer) => {
        gathered.push(chunk);
        size += chunk.length;
        if (size > WHOLE_BYTES) resolve(false);
      });
      answer.once('end', () => resolve(true));
      answer.once('close', () => clearTimeout(late));
    });
    this.forms.set(exchange.target, complete ? 'whole' : 'pieces');
    if (complete) {
      const body = Buffer.concat(gathered);
      return await this.#send(exchange.id, [
        record(TYPE.response, ...withBody(text(...head), body)),
      ]);
    }
    answer.pause();
    answer.removeAllListeners('data');
    const start = [record(TYPE.responseStart, text(...head))];
    const begun = gathered.map((piece) => record(TYPE.data, piece));
    return await this.#send(exchange.id, fromMessage([...start, ...begun], answer));
  }

  /** A WebSocket: from here on bytes, both ways. */
  async #switch(
    { id, target, form }: DocumentExchange,
    head: readonly string[],
    { socket, headers }: IncomingMessage,
  ): Promise<DocumentEnd> {
    const breakOff = (): void => void socket.resetAndDestroy();
    if (form !== 'upgrade' || headers.upgrade?.toLowerCase() !== 'websocket') {
      breakOff();
      const failure = text(id, 'agent_refused', 'The target switched to something else.');
      return await this.#send(id, [record(TYPE.failure, failure)]);
    }
    this.forms.set(target, 'pieces');
    this.#inHand.set(id, breakOff);
    try {
      const fetched = this.#fetchBody(id, socket, breakOff);
      const start = record(TYPE.responseStart, text(...head));
      const end = await this.#send(id, fromSocket(start, socket));
      await fetched;
      return end;
    } catch (error) {
      breakOff();
      throw error;
    }
  }

  /** One request with replies; its answer says what became of the one. */
  async #send(id: string, records: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<DocumentEnd> {
    const outgoing = this.#open('POST', '/agent/reply');
    outgoing.write(VERSION);
    const alive = setInterval(() => {
      if (!outgoing.writableEnded) outgoing.write(record(TYPE.data));
    }, SIGN_OF_LIFE_MS);
    const sent = pipeline(Readable.from(records), outgoing).finally(() => clearInterval(alive));
    const [answer] = await Promise.all([arrival(outgoing), sent]);
    const body = await buffer(answer);
    if (answer.statusCode !== 200) throw new Error(`reply: ${answer.statusCode} ${String(body)}`);
    for (const { type, payload } of new RecordReader().push(body)) {
      if (type !== TYPE.result || payload.toString('latin1', 0, 32) !== id) continue;
      return payload[32] === 1 ? 'delivered' : 'gone';
    }
    throw new Error('no RESULT');
  }
}

/** The head of the answer to a request. After a 101 the connection is in it. */
function arrival(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('upgrade', (answer: IncomingMessage, socket: Duplex, ahead: Buffer) => {
      socket.unshift(ahead);
      resolve(answer);
    });
    outgoing.on('error', reject);
    outgoing.once('close', () => reject(new Error('the connection broke')));
  });
}
