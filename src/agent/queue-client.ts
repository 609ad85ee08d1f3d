import {
  AGENT_PATHS,
  MAX_CHOSEN,
  PAGE_LIMIT,
  type QueueChoice,
  type QueuedRequest,
  type QueueList,
  type QueuePage,
  type QueueState,
  readQueueAnswer,
  readQueueCount,
  readQueuedRequest,
  readQueuePage,
} from 'caronte-proxy/protocol';
import type { Readable } from 'node:stream';
import type { Pool } from 'undici';
import { type Clock, systemClock } from './clock.ts';
import { AGENT_DEFAULTS } from './options.ts';
import { ProxyAnswerError, proxyVerdict } from './proxy-error.ts';
import { TroubleError } from './trouble.ts';
import { type AuthorizedWay, authorizedWay, type WayOptions } from './way-out.ts';
import { type Answer, expectStatus, gather, jsonOf, WholeAnswer } from './whole-answer.ts';

/** Largest answer, in bytes: the longest paths of a whole page, with each character escaped. */
const MAX_PAGE = 16 * 1024 * 1024;

export interface QueueClientOptions extends WayOptions {
  /** Of the tunnel whose queue it is. */
  readonly code: string;
}

/** Which part of which list. */
export interface PageQuery {
  readonly state: QueueList;
  /** `next` of the page before. */
  readonly after?: number | undefined;
  /** Requests at most, up to {@link PAGE_LIMIT}. */
  readonly limit?: number | undefined;
}

/**
 * What a person may ask of a tunnel's queue, as "The queue" in `docs/protocol.md` specifies it.
 * Everything rejects with {@link TroubleError}. Connections are made when they are needed.
 */
export class QueueClient {
  readonly #way: AuthorizedWay;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #pool: Pool;

  constructor(options: QueueClientOptions, clock: Clock = systemClock) {
    this.#way = authorizedWay(options);
    this.#clock = clock;
    this.#path = `${this.#way.base}${AGENT_PATHS.queue}${options.code}`;
    this.#pool = this.#way.connect();
  }

  /** One page of those that wait or were given up, the oldest first. */
  list({ state, after, limit = PAGE_LIMIT.usual }: PageQuery): Promise<QueuePage> {
    const from = after === undefined ? '' : `&after=${after}`;
    return this.#ask('GET', `?state=${state}${from}&limit=${limit}`, readQueuePage);
  }

  show(id: string): Promise<QueuedRequest> {
    return this.#ask('GET', `/${id}`, readQueuedRequest);
  }

  /** The request's body, byte for byte. What breaks it off is an error of the stream. */
  async body(id: string): Promise<Readable> {
    return translated(async () => {
      const { statusCode, headers, body } = await this.#pool.request({
        method: 'GET',
        path: `${this.#path}/${id}/body`,
        headers: [...this.#way.always],
        headersTimeout: AGENT_DEFAULTS.queueTimeoutMs,
        bodyTimeout: AGENT_DEFAULTS.queueTimeoutMs,
      });
      if (statusCode === 200) return body;
      const retryAfter = String(headers['retry-after'] ?? '');
      throw new ProxyAnswerError(statusCode, await gather(body), retryAfter);
    });
  }

  /** Delivers them now, dead letters anew. Resolves with how many there were. */
  deliver(choice: QueueChoice<'dead'>): Promise<number> {
    return this.#settle('/deliver', choice);
  }

  /** Discards them for good. Resolves with how many there were. */
  discard(choice: QueueChoice): Promise<number> {
    return this.#settle('/discard', choice);
  }

  /** Has deliveries wait for {@link resume}. */
  pause(): Promise<QueueState> {
    return this.#ask('POST', '/pause', readQueueAnswer);
  }

  resume(): Promise<QueueState> {
    return this.#ask('POST', '/resume', readQueueAnswer);
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }

  async #settle(path: string, choice: QueueChoice): Promise<number> {
    if ('all' in choice) return this.#ask('POST', path, readQueueCount, choice);
    let count = 0;
    for (let from = 0; from < choice.ids.length; from += MAX_CHOSEN) {
      const ids = choice.ids.slice(from, from + MAX_CHOSEN);
      count += await this.#ask('POST', path, readQueueCount, { ids });
    }
    return count;
  }

  #ask<T>(
    method: 'GET' | 'POST',
    path: string,
    read: (value: unknown) => T,
    body?: QueueChoice,
  ): Promise<T> {
    return translated(async () => {
      const answer = await this.#send(method, path, body);
      expectStatus(answer, 200);
      return read(jsonOf(answer));
    });
  }

  #send(method: 'GET' | 'POST', path: string, body: QueueChoice | undefined): Promise<Answer> {
    const type = body === undefined ? [] : ['Content-Type', 'application/json'];
    return new Promise((resolve, reject) => {
      this.#pool.dispatch(
        {
          method,
          path: this.#path + path,
          headers: [...this.#way.always, ...type],
          body: body === undefined ? null : JSON.stringify(body),
        },
        new WholeAnswer(
          this.#clock,
          AGENT_DEFAULTS.queueTimeoutMs,
          resolve,
          reject,
          undefined,
          MAX_PAGE,
        ),
      );
    });
  }
}

/** Has failures of the proxy, and of the way to it, come out as troubles. */
async function translated<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new TroubleError(proxyVerdict(error).trouble, error);
  }
}
