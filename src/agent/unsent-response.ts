import type { Clock } from './clock.ts';
import type { ResponseUse } from './response-use.ts';

/**
 * A target's response that nobody waits for. It is read to its end, since its target may work as
 * long as it writes, but an endless one must not take a place for ever.
 */
export class UnsentResponse implements ResponseUse {
  readonly status: number;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #onEnd: () => void;
  #heardAt: number;
  #cancelWatch: () => void = () => undefined;

  /** `onEnd` is called when it is complete, or has paused for longer than `idleMs`, in milliseconds. */
  constructor(status: number, clock: Clock, idleMs: number, onEnd: () => void) {
    this.status = status;
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onEnd = onEnd;
    this.#heardAt = clock.monotonic();
    this.#watch();
  }

  take(): boolean {
    this.#heardAt = this.#clock.monotonic();
    return true;
  }

  end(): void {
    this.destroy();
    this.#onEnd();
  }

  breakOff(): boolean {
    this.destroy();
    return false;
  }

  destroy(): void {
    this.#cancelWatch();
  }

  #watch(): void {
    const left = this.#heardAt + this.#idleMs - this.#clock.monotonic();
    if (left <= 0) return this.#onEnd();
    this.#cancelWatch = this.#clock.after(left, () => this.#watch());
  }
}
