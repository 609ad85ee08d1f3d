import type { Clock } from '../../../../src/agent/clock.ts';

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that moves, and chance that falls, as a test says. */
export class FakeClock implements Clock {
  /** What {@link random} gives. */
  chance = 0.5;
  #now = 1_000;
  /** By how much the wall clock has jumped. */
  #jumped = 0;
  #due: Due[] = [];

  wall(): number {
    return 1_700_000_000_000 + this.#now + this.#jumped;
  }

  monotonic(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, callback: () => void): () => void {
    const due: Due = { at: this.#now + ms, callback };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /** How many callbacks are due within `ms`. */
  dueWithin(ms: number): number {
    return this.#due.filter(({ at }) => at <= this.#now + ms).length;
  }

  /** Moves on by `ms`; what is due on the way happens at its time, the earliest first. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  /** The machine sleeps: the wall clock jumps, and no timer has run meanwhile. */
  sleep(ms: number): void {
    this.#jumped += ms;
  }
}
