import type { QueueState } from 'caronte-proxy/protocol';

/** What is worth saying when a queue changes. */
export type QueueNews =
  | { readonly kind: 'waiting'; readonly state: QueueState }
  | { readonly kind: 'empty' }
  | { readonly kind: 'dead'; readonly dead: number };

/** Where every request passes through the queue, one that has waited for less is nothing to tell, in milliseconds. */
const NOTABLE_MS = 5_000;

/**
 * Thins changes of the queue out for people: told is that something waits, how that goes on, and that
 * it is empty again; the number may change with every request. Dead letters are told as they grow.
 */
export class QueueLog {
  readonly #passes: boolean;
  /** Whether the last line said that something waits, and whether paused. */
  #told: 'paused' | 'delivering' | undefined;
  #isFresh = true;
  #dead = 0;

  /** `passes` says whether every request passes through the queue. */
  constructor(passes: boolean) {
    this.#passes = passes;
  }

  /** The agent is live anew: what waits now has come in the meantime, or is older. */
  live(): void {
    this.#isFresh = true;
  }

  /** `at` is the time, in milliseconds since 1970. */
  take(state: QueueState, at: number): QueueNews[] {
    const news: QueueNews[] = [];
    const { waiting, dead, paused } = state;
    const manner = paused ? 'paused' : 'delivering';
    if (waiting === 0) {
      if (this.#told !== undefined) news.push({ kind: 'empty' });
      this.#told = undefined;
    } else if (this.#isFresh || (this.#told !== manner && this.#isNotable(state, at))) {
      news.push({ kind: 'waiting', state });
      this.#told = manner;
    }
    if (dead > this.#dead) news.push({ kind: 'dead', dead });
    this.#dead = dead;
    this.#isFresh = false;
    return news;
  }

  #isNotable({ paused, oldestAt = Infinity }: QueueState, at: number): boolean {
    return !this.#passes || paused || this.#told !== undefined || at - oldestAt >= NOTABLE_MS;
  }
}
