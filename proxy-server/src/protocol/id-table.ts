/** Something that an {@link IdTable} can hold: in one table at a time. */
export interface Identified<T> {
  /** As {@link isId} wants it: its digits are random, and serve as the hash. */
  readonly id: string;
  /** The table's own. */
  nextInTable: T | undefined;
}

const BUCKETS = 4096;

/**
 * Finds things by id. It never grows and so never leaves a table behind: see {@link Deadlines} for
 * what a Map does that lives long and changes all the time.
 */
export class IdTable<T extends Identified<T>> {
  readonly #buckets: (T | undefined)[] = Array.from({ length: BUCKETS });
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(id: string): T | undefined {
    let item = this.#buckets[bucketOf(id)];
    while (item !== undefined && item.id !== id) item = item.nextInTable;
    return item;
  }

  /** Adds an item whose id is not in the table. */
  add(item: T): void {
    const bucket = bucketOf(item.id);
    item.nextInTable = this.#buckets[bucket];
    this.#buckets[bucket] = item;
    this.#size += 1;
  }

  /** Takes an item out; false if it is not in the table. */
  remove(item: T): boolean {
    const bucket = bucketOf(item.id);
    let before: T | undefined;
    let here = this.#buckets[bucket];
    while (here !== undefined && here !== item) {
      before = here;
      here = here.nextInTable;
    }
    if (here === undefined) return false;
    if (before === undefined) this.#buckets[bucket] = item.nextInTable;
    else before.nextInTable = item.nextInTable;
    item.nextInTable = undefined;
    this.#size -= 1;
    return true;
  }

  /** All items, in no order; a copy, so that the table may change meanwhile. */
  values(): T[] {
    const all: T[] = [];
    for (let item of this.#buckets) {
      for (; item !== undefined; item = item.nextInTable) all.push(item);
    }
    return all;
  }
}

/** Twelve bits of the id. Text that is no id lands somewhere, and is not found there. */
function bucketOf(id: string): number {
  return (digit(id, 0) << 8) | (digit(id, 1) << 4) | digit(id, 2);
}

function digit(id: string, at: number): number {
  const code = id.charCodeAt(at);
  return (code > 57 ? code - 87 : code - 48) & 15;
}
