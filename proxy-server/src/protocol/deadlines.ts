/** What a set of deadlines needs of time, in milliseconds. */
export interface DeadlineTime {
  /** Never jumps. */
  now(): number;
  after(ms: number, callback: () => void): void;
}

/** An item's place among the deadlines; gone once it expired or was removed. */
export interface Deadline<T> {
  readonly item: T;
  at: number;
  previous: Deadline<T> | undefined;
  next: Deadline<T> | undefined;
  pending: boolean;
}

/**
 * Items that all have the same time to live. They come and go by the ten thousand a second and
 * hardly any expires, so that one timer looks after them in turn instead of one each.
 *
 * A linked list and not a Map: a Map that is added to and deleted from without end leaves outgrown
 * tables behind, each of which keeps the next alive, and with it every item of its time.
 */
export class Deadlines<T> {
  readonly #time: DeadlineTime;
  readonly #ms: number;
  readonly #tickMs: number;
  readonly #onExpired: (item: T) => void;
  #first: Deadline<T> | undefined;
  #last: Deadline<T> | undefined;
  #armed = false;

  /** Expiry is told up to an eighth of `ms` late, at least 4 and at most 250 ms. */
  constructor(time: DeadlineTime, ms: number, onExpired: (item: T) => void) {
    this.#time = time;
    this.#ms = ms;
    this.#tickMs = Math.max(4, Math.min(ms / 8, 250));
    this.#onExpired = onExpired;
  }

  add(item: T): Deadline<T> {
    const deadline: Deadline<T> = {
      item,
      at: 0,
      previous: undefined,
      next: undefined,
      pending: false,
    };
    this.restart(deadline);
    return deadline;
  }

  /** Has an item's time begin anew, also if it was taken out or is over. */
  restart(deadline: Deadline<T>): void {
    this.remove(deadline);
    deadline.at = this.#time.now() + this.#ms;
    deadline.previous = this.#last;
    deadline.pending = true;
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.next = deadline;
    this.#last = deadline;
    if (!this.#armed) this.#arm();
  }

  /** Takes an item out; nothing happens if it is out already. */
  remove(deadline: Deadline<T>): void {
    if (!deadline.pending) return;
    deadline.pending = false;
    if (deadline.previous === undefined) this.#first = deadline.next;
    else deadline.previous.next = deadline.next;
    if (deadline.next === undefined) this.#last = deadline.previous;
    else deadline.next.previous = deadline.previous;
    deadline.previous = undefined;
    deadline.next = undefined;
  }

  #arm(): void {
    this.#armed = true;
    this.#time.after(this.#tickMs, () => {
      const now = this.#time.now();
      while (this.#first !== undefined && this.#first.at <= now) {
        const expired = this.#first;
        this.remove(expired);
        this.#onExpired(expired.item);
      }
      this.#armed = this.#first !== undefined;
      if (this.#armed) this.#arm();
    });
  }
}
