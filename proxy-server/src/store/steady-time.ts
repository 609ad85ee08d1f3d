import type { Clock } from '../routing/index.ts';

/**
 * Milliseconds that never jump and that go on over restarts. At a start it is wall time, unless the
 * last process has seen a later one: a wall clock that was set back holds nothing up. From then on it
 * runs with the monotonic clock.
 */
export class SteadyTime {
  readonly #clock: Clock;
  readonly #offset: number;

  /** `steady` is the time at which the clock showed `monotonic`. */
  constructor(clock: Clock, steady: number, monotonic: number) {
    this.#clock = clock;
    this.#offset = steady - monotonic;
  }

  now(): number {
    return Math.trunc(this.#clock.monotonic() + this.#offset);
  }
}
