import type { BodyForm } from '../protocol/index.ts';
import type { BodySink, RequestBody, SideReader, Turn } from './body.ts';
import type { Clock, Timer } from './clock.ts';
import type { Exchange } from './exchange.ts';
import type { HeldBytes } from './held-bytes.ts';

const FELL_BEHIND = 'this agent fell behind the one that replies';

/** How far behind the reader of a copy may fall. */
export interface CopyLimits {
  /** So much may be held for it. */
  readonly bytes: number;
  /** How long, in all, the others wait for it with so much held, in milliseconds. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** All that is held, of which its part is one. */
  readonly heldBytes: HeldBytes;
}

/** What becomes of a copy. */
export interface CopyWatcher {
  /** The caller broke off before its body was complete. */
  onAbort(): void;
  /** For whom it waits now, once it is fetched. */
  onTurn(turn: Turn): void;
}

/**
 * A body for one more agent. A body in pieces is read from the caller once, when the agent that gives
 * the reply asks for it; what this one has not fetched yet is held, up to a limit. At the limit all
 * others wait for it, but not for long: then it is told that the body breaks off.
 */
export class BodyCopy implements RequestBody, SideReader {
  readonly form: BodyForm;
  readonly bytes: Buffer;
  readonly #code: string;
  readonly #original: RequestBody;
  readonly #limits: CopyLimits;
  readonly #watcher: CopyWatcher;
  /** What is left of the time that others wait for this one, in milliseconds. */
  #waitMs: number;
  #waitsSince = 0;
  #waiting: Timer | undefined;
  #held: Buffer[] = [];
  #size = 0;
  #sink: BodySink | undefined;
  #hasRoom = true;
  #streamed = false;
  /** There is nothing more to come, or nobody who wants it. */
  #over = false;
  #trailers: readonly string[] | undefined;
  #broken: string | undefined;
  #finished: boolean;

  constructor({ code, body }: Exchange, limits: CopyLimits, watcher: CopyWatcher) {
    this.#code = code;
    this.form = body.form;
    this.bytes = body.bytes;
    this.#original = body;
    this.#limits = limits;
    this.#waitMs = limits.waitMs;
    this.#watcher = watcher;
    this.#finished = body.form.kind !== 'stream';
    if (!this.#finished) body.tee(this);
  }

  get finished(): boolean {
    return this.#finished;
  }

  get ready(): boolean {
    return this.#over || this.#size <= this.#limits.bytes;
  }

  stream(sink: BodySink): boolean {
    if (this.form.kind !== 'stream' || this.#streamed) return false;
    this.#streamed = true;
    this.#sink = sink;
    this.#send();
    return true;
  }

  resume(): void {
    this.#hasRoom = true;
    this.#send();
  }

  discard(): void {
    this.#sink = undefined;
    this.#close();
  }

  tee(): void {
    throw new Error('a copy is not copied again');
  }

  onReady(): void {}

  write(piece: Buffer): boolean {
    if (this.#over) return true;
    if (!this.#limits.heldBytes.take(this.#code, piece.length)) {
      this.#breakOff(FELL_BEHIND);
      return true;
    }
    this.#held.push(piece);
    this.#size += piece.length;
    this.#send();
    if (!this.ready) this.#hold();
    return true;
  }

  end(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#letGo();
    this.#send();
  }

  abort(reason: string): void {
    if (this.#over) return;
    this.#breakOff(reason);
    this.#watcher.onAbort();
  }

  /** Has the others wait, for as long as they may have to. */
  #hold(): void {
    if (this.#waiting !== undefined) return;
    const { clock } = this.#limits;
    if (this.#waitMs <= 0) return this.#breakOff(FELL_BEHIND);
    this.#waitsSince = clock.monotonic();
    this.#waiting = clock.after(this.#waitMs, () => this.#breakOff(FELL_BEHIND));
  }

  #letGo(): void {
    if (this.#waiting === undefined) return;
    this.#waiting.cancel();
    this.#waiting = undefined;
    this.#waitMs -= this.#limits.clock.monotonic() - this.#waitsSince;
    this.#original.onReady();
  }

  #breakOff(reason: string): void {
    this.#broken = reason;
    this.#close();
    this.#send();
  }

  /** Hands on what there is room for. */
  #send(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    if (this.#broken !== undefined) {
      this.#sink = undefined;
      sink.abort(this.#broken);
      return;
    }
    let progress = this.#trailers !== undefined;
    while (this.#hasRoom) {
      const piece = this.#held.shift();
      if (piece === undefined) break;
      progress = true;
      this.#release(piece.length);
      this.#hasRoom = sink.write(piece);
    }
    if (this.ready) this.#letGo();
    if (this.#held.length === 0 && this.#trailers === undefined) this.#watcher.onTurn('source');
    else if (progress) this.#watcher.onTurn('reader');
    if (this.#held.length > 0 || this.#trailers === undefined) return;
    this.#sink = undefined;
    this.#over = true;
    this.#finished = true;
    sink.end(this.#trailers);
  }

  #release(bytes: number): void {
    this.#size -= bytes;
    this.#limits.heldBytes.give(this.#code, bytes);
  }

  #close(): void {
    this.#over = true;
    this.#held = [];
    this.#release(this.#size);
    this.#letGo();
  }
}
