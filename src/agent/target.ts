import { type ExchangeHead, fieldValue, forwardableFields } from 'caronte-proxy/protocol';
import type { Readable } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import { targetPool } from './target-pool.ts';
import { targetAddress } from './target-address.ts';
import type { TargetOptions } from './options.ts';

/** What is sent to the target: nothing, the whole body, or a body that is fetched as it goes. */
export type TargetBody = Buffer | Readable | null;

/** Largest head of a response, in bytes; what the proxy takes is larger. */
const MAX_HEAD = 128 * 1024;

/** The local service. Its address is fixed: nothing in a request can change where it goes. */
export class Target {
  readonly url: string;
  readonly #pool: Pool;

  readonly #hostHeader: string;
  readonly #servername: string;

  /** `timeoutMs` is the time that the target has to begin its answer. */
  constructor(options: TargetOptions, timeoutMs: number) {
    this.url = options.target;
    this.#hostHeader = options.hostHeader ?? 'target';
    this.#servername = targetAddress(options.target).origin.hostname;
    this.#pool = targetPool(options, {
      pipelining: 1,
      maxHeaderSize: MAX_HEAD,
      headersTimeout: timeoutMs,
      // Server-sent events may be silent for as long as they like.
      bodyTimeout: 0,
      connectMs: Math.min(timeoutMs, 10_000),
    });
  }

  /** Makes one attempt; `handler` hears how it goes. */
  send(head: ExchangeHead, body: TargetBody, handler: Dispatcher.DispatchHandler): void {
    const fields = forwardableFields(head.fields, isConnectionsOwn);
    if (head.body.kind === 'stream' && head.body.length !== undefined) {
      fields.push('Content-Length', String(head.body.length));
    }
    const host = this.hostFor(head);
    if (host !== undefined) fields.push('Host', host);
    // undici would open a connection for each other Host; which certificate counts is settled.
    const request: Dispatcher.DispatchOptions & { servername: string } = {
      method: head.method,
      path: head.target,
      headers: fields,
      body,
      servername: this.#servername,
    };
    this.#pool.dispatch(request, handler);
  }

  /** The Host that the target gets; undefined for its own. */
  hostFor(head: ExchangeHead): string | undefined {
    if (this.#hostHeader === 'target') return undefined;
    return this.#hostHeader === 'preserve' ? fieldValue(head.fields, 'host') : this.#hostHeader;
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The target gets the Host that was settled, and a length of what is really sent. */
function isConnectionsOwn(lowerName: string): boolean {
  return lowerName === 'host' || lowerName === 'content-length';
}
