import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isId } from '../protocol/index.ts';

/** The folder with the bodies that are too large for the database. A file is named as its entry. */
export class SpoolFolder {
  readonly #path: string;
  #removing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  file(id: string): string {
    if (!isId(id)) throw new Error(`"${id}" is no id of an entry`);
    return join(this.#path, id);
  }

  read(id: string): Readable {
    return createReadStream(this.file(id));
  }

  /** Has the names of all files on disk. */
  async sync(): Promise<void> {
    // Windows opens no folders, and keeps names by itself.
    if (process.platform === 'win32') return;
    const folder = await open(this.#path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Removes files in the background; what cannot be removed now is at the next start. */
  remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#removing = this.#removing.then(async () => {
      for (const id of ids) await rm(this.file(id), { force: true }).catch(() => undefined);
    });
  }

  /** Resolves once all that was to be removed is. */
  async quiet(): Promise<void> {
    await this.#removing;
  }
}
