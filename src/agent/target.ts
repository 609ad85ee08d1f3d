import { type ExchangeHead, forwardableFields } from 'caronte-proxy/protocol';
import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';

/** What is sent to the target: nothing, the whole body, or a body that is fetched as it goes. */
export type TargetBody = Buffer | Readable | null;

/** Largest head of a response, in bytes; what the proxy takes is larger. */
const MAX_HEAD = 128 * 1024;

/** The local service. Its address is fixed: nothing in a request can change where it goes. */
export class Target {
  readonly url: string;
  readonly #pool: Pool;

  /** `url` is an origin. `timeoutMs` is the time that the target has to begin its answer. */
  constructor(url: string, timeoutMs: number) {
    this.url = url;
    this.#pool = new Pool(url, {
      pipelining: 1,
      maxHeaderSize: MAX_HEAD,
      headersTimeout: timeoutMs,
      // Server-sent events may be silent for as long as they like.
      bodyTimeout: 0,
      connect: { timeout: Math.min(timeoutMs, 10_000) },
    });
  }

  /** Makes one attempt; `handler` hears how it goes. */
  send(head: ExchangeHead, body: TargetBody, handler: Dispatcher.DispatchHandler): void {
    const fields = forwardableFields(head.fields, isConnectionsOwn);
    if (head.body.kind === 'stream' && head.body.length !== undefined) {
      fields.push('Content-Length', String(head.body.length));
    }
    this.#pool.dispatch({ method: head.method, path: head.target, headers: fields, body }, handler);
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The target gets its own Host, and a length of what is really sent. */
function isConnectionsOwn(lowerName: string): boolean {
  return lowerName === 'host' || lowerName === 'content-length';
}
