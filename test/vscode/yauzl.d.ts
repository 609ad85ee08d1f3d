/** What these tests use of yauzl, which has no types of its own. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream';

  export interface Entry {
    readonly fileName: string;
    /** In bytes. */
    readonly uncompressedSize: number;
  }

  export interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<Readable>;
    close(): void;
  }

  /** Rejects names that would leave the folder the archive is unpacked to. */
  export function openPromise(path: string, options: { lazyEntries: true }): Promise<ZipFile>;
}
