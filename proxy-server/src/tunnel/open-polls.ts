import type { Poll } from './poll.ts';

/** The polls of one agent that wait, the longest first. */
export class OpenPolls {
  readonly #polls: Poll[] = [];
  #brokeOff = false;

  get size(): number {
    return this.#polls.length;
  }

  /** How many exchanges they may bring. */
  get room(): number {
    let room = 0;
    for (const { capacity } of this.#polls) room += capacity;
    return room;
  }

  /** The number of the poll with room that has been open for longest; the lower, the longer. */
  get longest(): number {
    return this.#polls.find(({ capacity }) => capacity > 0)?.number ?? Infinity;
  }

  /** Whether the connection of the last one broke, and none has come since. */
  get brokeOff(): boolean {
    return this.#brokeOff;
  }

  add(poll: Poll): void {
    this.#brokeOff = false;
    this.#polls.push(poll);
  }

  /** Takes the poll out; false if it was answered before. */
  remove(poll: Poll): boolean {
    const at = this.#polls.indexOf(poll);
    if (at >= 0) this.#polls.splice(at, 1);
    return at >= 0;
  }

  /** Takes the poll out, whose connection broke. */
  drop(poll: Poll): boolean {
    if (!this.remove(poll)) return false;
    this.#brokeOff = this.#polls.length === 0;
    return true;
  }

  /** Takes the first one out, or the first one that has room. */
  take(withRoom: boolean): Poll | undefined {
    const at = withRoom ? this.#polls.findIndex(({ capacity }) => capacity > 0) : 0;
    return at < 0 ? undefined : this.#polls.splice(at, 1)[0];
  }

  takeAll(): Poll[] {
    return this.#polls.splice(0);
  }
}
