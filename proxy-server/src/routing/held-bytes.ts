/** Stands for all codes that nobody serves: what is held for them is most often held for nothing. */
export const UNSERVED = '';

/**
 * Counts the bytes of requests' bodies that are held in memory, in the name of the code that they
 * are for. One code may have half of all that may be held, and those that nobody serves a quarter
 * together, so that something is left for the others.
 */
export class HeldBytes {
  readonly #most: number;
  readonly #byCode = new Map<string, number>();
  #all = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False: so much more may not be held, and is not counted. */
  take(code: string, bytes: number): boolean {
    const ofCode = (this.#byCode.get(code) ?? 0) + bytes;
    const mostOfCode = this.#most / (code === UNSERVED ? 4 : 2);
    if (this.#all + bytes > this.#most || ofCode > mostOfCode) return false;
    this.#all += bytes;
    this.#byCode.set(code, ofCode);
    return true;
  }

  /** So much of what was taken is held no longer. */
  give(code: string, bytes: number): void {
    if (bytes === 0) return;
    this.#all -= bytes;
    const left = (this.#byCode.get(code) ?? 0) - bytes;
    if (left > 0) this.#byCode.set(code, left);
    else this.#byCode.delete(code);
  }
}
