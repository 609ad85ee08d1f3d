import type { Disposable } from './disposables.ts';

/** The timers that a throttle needs; a test brings its own. */
export interface Timers {
  readonly set: (run: () => void, ms: number) => unknown;
  readonly clear: (handle: unknown) => void;
}

const REAL: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (handle) => {
    clearTimeout(handle as NodeJS.Timeout);
  },
};

/**
 * Runs `action` at once when asked, and then at most once in `intervalMs`, however often it is
 * asked; the last request is never lost.
 */
export class Throttle implements Disposable {
  readonly #action: () => void;
  readonly #intervalMs: number;
  readonly #timers: Timers;
  #handle: unknown;
  #again = false;
  #disposed = false;

  constructor(action: () => void, intervalMs: number, timers: Timers = REAL) {
    this.#action = action;
    this.#intervalMs = intervalMs;
    this.#timers = timers;
  }

  request(): void {
    if (this.#disposed) return;
    if (this.#handle !== undefined) {
      this.#again = true;
      return;
    }
    this.#handle = this.#timers.set(() => {
      this.#handle = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.request();
    }, this.#intervalMs);
    this.#action();
  }

  dispose(): void {
    this.#disposed = true;
    if (this.#handle !== undefined) this.#timers.clear(this.#handle);
    this.#handle = undefined;
  }
}
