/** Lets so many begin in a second: all of them at once after a quiet second, never more. */
export class Rate {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  /** `perSecond` of 0 sets no bound. `now` is in milliseconds of a clock that never jumps. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = now;
  }

  /** How many may begin now, and when one more may, in milliseconds. */
  room(now: number): { readonly count: number; readonly inMs: number } {
    if (this.#perSecond === 0) return { count: Infinity, inMs: 0 };
    this.#tokens = Math.min(
      this.#perSecond,
      this.#tokens + ((now - this.#at) / 1000) * this.#perSecond,
    );
    this.#at = now;
    const count = Math.floor(this.#tokens);
    return { count, inMs: Math.ceil(((count + 1 - this.#tokens) * 1000) / this.#perSecond) };
  }

  take(count: number): void {
    if (this.#perSecond > 0) this.#tokens -= count;
  }
}
