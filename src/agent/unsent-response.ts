import type { Clock } from './clock.ts';
import type { ResponseUse } from './response-use.ts';

export interface UnsentContext {
  readonly clock: Clock;
  /** A response that pauses for longer is given up, in milliseconds. */
  readonly keptIdleMs: number;
  /** Whether what comes soon has no place. */
  readonly isCrowded: () => boolean;
}

/** Of a larger one the rest is not read, in bytes: a fast target would keep this machine busy. */
export const MAX_UNSENT = 64 * 1024 * 1024;

/** Responses that have gone on for longer make way where places are few, in milliseconds. */
const MAKES_WAY_MS = 10_000;

/**
 * A target's response that nobody waits for. It is read to its end, since its target may work as
 * long as it writes, but an endless one must not take a place for ever.
 */
export class UnsentResponse implements ResponseUse {
  readonly status: number;
  readonly #context: UnsentContext;
  readonly #onEnd: () => void;
  #heardAt: number;
  #taken = 0;
  #cancelWatch: () => void = () => undefined;

  /** `onEnd` is called when it is complete, or given up. */
  constructor(status: number, context: UnsentContext, onEnd: () => void) {
    this.status = status;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#heardAt = context.clock.monotonic();
    this.#watch(this.#context.keptIdleMs);
  }

  take(piece: Buffer): boolean {
    this.#heardAt = this.#context.clock.monotonic();
    this.#taken += piece.length;
    if (this.#taken > MAX_UNSENT) this.end();
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

  #watch(leftMs: number): void {
    const { clock, keptIdleMs, isCrowded } = this.#context;
    this.#cancelWatch = clock.after(Math.min(leftMs, MAKES_WAY_MS), () => {
      const left = this.#heardAt + keptIdleMs - clock.monotonic();
      if (left <= 0 || isCrowded()) this.#onEnd();
      else this.#watch(left);
    });
  }
}
