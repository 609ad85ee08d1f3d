/** At least so many ids are remembered. */
const REMEMBERED = 10_000;

/** Ids of exchanges that were handed out: one that comes twice is worked on once. */
export class RecentIds {
  #young = new Set<string>();
  #old = new Set<string>();

  /** False if it is known already. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    // Two generations: dropping a whole one costs less than dropping the oldest one by one.
    if (this.#young.size >= REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    return true;
  }
}
