import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

const PIECE = 1024 * 1024;

/**
 * A file that only takes up room. On a full disk SQLite cannot even remove a row, since that is
 * written to its log first; then this file is given up, and what was delivered can be noted.
 */
export class Ballast {
  readonly #path: string;
  readonly #bytes: number;
  #there = false;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  get there(): boolean {
    return this.#there;
  }

  /** Makes the file, unless it is there. False: there is no room for it. */
  make(): boolean {
    if (this.#there) return true;
    try {
      if (statSync(this.#path, { throwIfNoEntry: false })?.size !== this.#bytes) this.#write();
      this.#there = true;
    } catch {
      this.giveUp();
    }
    return this.#there;
  }

  /** Makes room. False: there is none left to make. */
  giveUp(): boolean {
    const had = this.#there;
    this.#there = false;
    rmSync(this.#path, { force: true });
    return had;
  }

  #write(): void {
    rmSync(this.#path, { force: true });
    const file = openSync(this.#path, 'wx', 0o600);
    try {
      // Random, since some file systems keep no room for what can be compressed.
      const piece = randomFillSync(Buffer.allocUnsafe(Math.min(PIECE, this.#bytes)));
      for (let left = this.#bytes; left > 0;)
        left -= writeSync(file, piece, 0, Math.min(left, piece.length));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
