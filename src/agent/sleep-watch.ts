import type { Clock } from './clock.ts';

/** A clock that moves by this much more than it should has slept, in milliseconds. */
const SLEPT_MS = 5_000;
const TICK_MS = 1_000;

/** Notices that the machine slept: every connection may be dead then without anybody having said so. */
export class SleepWatch {
  readonly #clock: Clock;
  readonly #onWoken: () => void;
  #lastTick = 0;
  #cancelTick: () => void = () => undefined;

  constructor(clock: Clock, onWoken: () => void) {
    this.#clock = clock;
    this.#onWoken = onWoken;
  }

  start(): void {
    this.#lastTick = this.#clock.wall();
    this.#tickLater();
  }

  stop(): void {
    this.#cancelTick();
  }

  #tickLater(): void {
    this.#cancelTick = this.#clock.after(TICK_MS, () => {
      const now = this.#clock.wall();
      const slept = now - this.#lastTick > TICK_MS + SLEPT_MS;
      this.#lastTick = now;
      this.#tickLater();
      if (slept) this.#onWoken();
    });
  }
}
