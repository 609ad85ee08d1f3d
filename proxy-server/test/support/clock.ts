import type { Clock, Timer } from '../../src/routing/index.ts';
import { stillWaits } from './wait.ts';

class FakeTimer implements Timer {
  due: number | undefined;
  readonly #clock: FakeClock;
  readonly #ms: number;
  readonly callback: () => void;

  constructor(clock: FakeClock, ms: number, callback: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.callback = callback;
    this.due = clock.monotonic() + ms;
  }

  refresh(): void {
    this.due = this.#clock.monotonic() + this.#ms;
  }

  cancel(): void {
    this.due = undefined;
  }
}

/** Time that moves when a test says so. */
export class FakeClock implements Clock {
  #now = 1_000;
  readonly #timers: FakeTimer[] = [];

  wall(): number {
    return 1_700_000_000_000 + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): FakeTimer {
    const timer = new FakeTimer(this, ms, callback);
    this.#timers.push(timer);
    return timer;
  }

  /** Moves on by `ms`; what is due on the way happens at its time, the earliest first. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let next: FakeTimer | undefined;
      for (const timer of this.#timers) {
        if (timer.due === undefined || timer.due > end) continue;
        if (next?.due === undefined || timer.due < next.due) next = timer;
      }
      if (next?.due === undefined) break;
      this.#now = Math.max(this.#now, next.due);
      next.due = undefined;
      next.callback();
    }
    this.#now = end;
  }

  /** Moves on, a step a turn of the event loop, until the promise settles. */
  async advanceUntil<T>(settled: Promise<T>, stepMs = 50, maxMs = 600_000): Promise<T> {
    for (let passed = 0; await stillWaits(settled, 1); passed += stepMs) {
      if (passed >= maxMs) throw new Error(`not settled after ${maxMs} ms of the clock`);
      this.advance(stepMs);
    }
    return settled;
  }
}
