import { MalformedError } from 'caronte-proxy/protocol';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from './clock.ts';
import { ProxyAnswerError } from './proxy-error.ts';

/**
 * Largest answer that is gathered, in bytes. A poll's has up to 1 MiB and one record of exchanges, and
 * notices for at most all that an agent may have in hand.
 */
export const MAX_ANSWER = 4 * 1024 * 1024;

/** A whole answer of the proxy's. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/** Breaks a request off. Calling it twice, or late, does nothing. */
export type Abort = (reason: Error) => void;

/**
 * Gathers an answer of `most` bytes or fewer. One timer bounds the whole of it, since a dead link sends
 * no error.
 */
export class WholeAnswer implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAbort: ((abort: Abort) => void) | undefined;
  readonly #cancelTimer: (() => void) | undefined;
  readonly #most: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;
  #status = 0;
  #retryAfter: string | undefined;

  constructor(
    clock: Clock,
    timeoutMs: number,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
    onAbort: ((abort: Abort) => void) | undefined,
    most = MAX_ANSWER,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = onAbort;
    this.#most = most;
    if (timeoutMs > 0) {
      this.#cancelTimer = clock.after(timeoutMs, () => this.#abort(new SilentError()));
    }
    this.#onAbort?.((reason) => this.#abort(reason));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new SilentError());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const retryAfter = headers['retry-after'];
    if (typeof retryAfter === 'string') this.#retryAfter = retryAfter;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#most) return this.#abort(tooLarge(this.#most));
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#finish()) return;
    const [only] = this.#chunks;
    const body =
      this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, retryAfter: this.#retryAfter, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#finish()) this.#reject(error);
  }

  #abort(reason: Error): void {
    if (!this.#finish()) return;
    this.#controller?.abort(reason);
    this.#reject(reason);
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#cancelTimer?.();
    return true;
  }
}

function tooLarge(most: number): MalformedError {
  return new MalformedError(`an answer of more than ${most} bytes`);
}

/** Gathers an answer whose status was not the one that was hoped for. */
export async function gather(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER) throw tooLarge(MAX_ANSWER);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** No byte came for as long as one may have to wait. */
export class SilentError extends Error {
  readonly code = 'CARONTE_PROXY_SILENT';

  constructor() {
    super('the proxy is silent');
    this.name = 'SilentError';
  }
}

/** Throws {@link ProxyAnswerError} if it is another one. */
export function expectStatus(answer: Answer, status: number): void {
  if (answer.status === status) return;
  throw new ProxyAnswerError(answer.status, answer.body, answer.retryAfter);
}

/** Throws {@link ProxyAnswerError}: a page where JSON is due comes from something else than a proxy of ours. */
export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch {
    throw new ProxyAnswerError(answer.status, answer.body, answer.retryAfter);
  }
}
