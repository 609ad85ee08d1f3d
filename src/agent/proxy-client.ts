import {
  AGENT_PATHS,
  encodeAcknowledge,
  FIELD,
  type HelloAnswer,
  type HelloRequest,
  readHelloAnswer,
  RECORDS_TYPE,
  VERSION_BYTE,
} from 'caronte-proxy/protocol';
import type { Readable } from 'node:stream';
import type { Pool } from 'undici';
import type { Clock } from './clock.ts';
import { ProxyAnswerError } from './proxy-error.ts';
import { type AuthorizedWay, authorizedWay, type WayOptions } from './way-out.ts';
import {
  type Abort,
  type Answer,
  expectStatus,
  gather,
  jsonOf,
  WholeAnswer,
} from './whole-answer.ts';

export interface PollRequest {
  readonly acknowledged: readonly string[];
  /** How many exchanges the answer may bring. */
  readonly capacity: number;
  readonly waitSeconds: number;
}

/** The requests that an agent makes of its proxy, as `docs/protocol.md` specifies them. */
export class ProxyClient {
  readonly #way: AuthorizedWay;
  readonly #clock: Clock;
  #pool: Pool;
  #session = '';

  constructor(options: WayOptions, clock: Clock) {
    this.#clock = clock;
    this.#way = authorizedWay(options);
    this.#pool = this.#way.connect();
  }

  /** Introduces the agent; later requests belong to the session that this gives. */
  async hello(hello: HelloRequest, timeoutMs: number): Promise<HelloAnswer> {
    const answer = await this.#whole({
      path: AGENT_PATHS.hello,
      body: Buffer.from(JSON.stringify(hello)),
      type: 'application/json',
      timeoutMs,
    });
    expectStatus(answer, 200);
    const parsed = readHelloAnswer(jsonOf(answer));
    this.#session = parsed.session;
    return parsed;
  }

  /** Resolves with the records of the answer, empty if there was no work. */
  async poll(
    poll: PollRequest,
    timeoutMs: number,
    onAbort: (abort: Abort) => void,
  ): Promise<Buffer> {
    const answer = await this.#whole({
      path: AGENT_PATHS.poll,
      body: acknowledgement(poll.acknowledged),
      type: RECORDS_TYPE,
      timeoutMs,
      fields: [FIELD.wait, String(poll.waitSeconds), FIELD.capacity, String(poll.capacity)],
      onAbort,
    });
    if (answer.status === 204) return Buffer.alloc(0);
    expectStatus(answer, 200);
    return answer.body;
  }

  /** Sends a batch of replies. Resolves with the records that tell what became of them. */
  async reply(records: Buffer, timeoutMs: number): Promise<Buffer> {
    const path = AGENT_PATHS.reply;
    const answer = await this.#whole({ path, body: records, type: RECORDS_TYPE, timeoutMs });
    expectStatus(answer, 200);
    return answer.body;
  }

  /** Sends one reply in pieces; its records come from `body`, which is read at the proxy's pace. */
  async streamReply(body: Readable): Promise<Buffer> {
    const answer = await this.#whole({
      path: AGENT_PATHS.reply,
      body,
      type: RECORDS_TYPE,
      timeoutMs: 0,
    });
    expectStatus(answer, 200);
    return answer.body;
  }

  /** Fetches the body of an exchange: the records, as they come. */
  async openBody(id: string): Promise<Readable> {
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'GET',
      path: this.#way.base + AGENT_PATHS.body + id,
      headers: this.#fields([]),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (statusCode === 200) return body;
    throw new ProxyAnswerError(
      statusCode,
      await gather(body),
      String(headers['retry-after'] ?? ''),
    );
  }

  /** Ends the session. What it was given and did not acknowledge goes to another agent. */
  async bye(acknowledged: readonly string[], timeoutMs: number): Promise<void> {
    const body = acknowledgement(acknowledged);
    await this.#whole({ path: AGENT_PATHS.bye, body, type: RECORDS_TYPE, timeoutMs });
  }

  /** Drops every connection, dead ones above all, and starts with fresh ones. */
  reconnect(): void {
    const old = this.#pool;
    this.#pool = this.#way.connect();
    void old.destroy();
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }

  #fields(more: readonly string[]): string[] {
    return [...this.#way.always, FIELD.session, this.#session, ...more];
  }

  #whole(request: {
    readonly path: string;
    readonly body: Buffer | Readable;
    readonly type: string;
    readonly timeoutMs: number;
    readonly fields?: readonly string[];
    readonly onAbort?: (abort: Abort) => void;
  }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pool.dispatch(
        {
          method: 'POST',
          path: this.#way.base + request.path,
          headers: this.#fields(['Content-Type', request.type, ...(request.fields ?? [])]),
          body: request.body,
        },
        new WholeAnswer(this.#clock, request.timeoutMs, resolve, reject, request.onAbort),
      );
    });
  }
}

function acknowledgement(ids: readonly string[]): Buffer {
  if (ids.length === 0) return Buffer.from([VERSION_BYTE]);
  return Buffer.from(String.fromCharCode(VERSION_BYTE) + encodeAcknowledge(ids), 'latin1');
}
