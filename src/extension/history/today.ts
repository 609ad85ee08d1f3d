import type { Entry } from './entry.ts';

export interface TodayFigures {
  /** Exchanges since midnight. */
  readonly count: number;
  /** Of those that the target answered, in milliseconds; undefined if there are none. */
  readonly medianMs: number | undefined;
}

/** The median is taken over so many of the latest exchanges. */
const SAMPLE = 1000;

/** Counts the exchanges of the local day. */
export class Today {
  readonly #now: () => number;
  #day = '';
  #count = 0;
  #durations: number[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(entry: Entry): void {
    this.#turnDay();
    if (dayOf(entry.at) !== this.#day) return;
    this.#count++;
    if (entry.status === undefined || entry.durationMs === undefined) return;
    if (this.#durations.length >= SAMPLE) this.#durations.shift();
    this.#durations.push(entry.durationMs);
  }

  get figures(): TodayFigures {
    this.#turnDay();
    const sorted = this.#durations.toSorted((a, b) => a - b);
    return { count: this.#count, medianMs: sorted[Math.floor((sorted.length - 1) / 2)] };
  }

  #turnDay(): void {
    const day = dayOf(this.#now());
    if (day === this.#day) return;
    this.#day = day;
    this.#count = 0;
    this.#durations = [];
  }
}

function dayOf(time: number): string {
  return new Date(time).toDateString();
}
