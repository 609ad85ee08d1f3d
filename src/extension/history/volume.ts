import { appendFileSync, mkdirSync, openSync, closeSync, writeSync } from 'node:fs';
import { appendFile, open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Captured } from './body-capture.ts';
import type { BodyPlace, Entry, Place } from './entry.ts';
import { decodeLine, encodeLine, type IndexLine } from './index-line.ts';
import { isWrittenElsewhere, signWriter, unsignWriter } from './writer.ts';

const INDEX = 'index.jsonl';
const BODIES = 'bodies.bin';

/** Volumes' folders; what else lies beside them is left alone. */
const NAME = /^v-[0-9a-z]{9}-[0-9a-f]{8}$/;

interface Pending {
  readonly at: number;
  readonly bytes: readonly Uint8Array[];
  readonly line: string;
}

/**
 * A folder with a part of the history: an index with one line for each exchange, a common file for
 * details and small bodies, and a file for each large body. A volume is written by one process
 * only, which appends and never rewrites; it goes as a whole once nothing in it is wanted. Two
 * windows on the same folder read each other's volumes, but neither deletes what the other, as long
 * as it lives, writes: each keeps to the limits by itself. A crash costs the last moments at most.
 */
export class Volume {
  readonly name: string;
  readonly folder: string;
  /** Bytes on disk, or about to be. */
  bytes = 0;
  /** Exchanges in here that the history still wants, and those that are being captured. */
  wanted = 0;
  /** Exchanges ever put in here. */
  count = 0;
  /** Bytes that wait to be written. */
  backlog = 0;
  /** Why it takes no more. */
  failure: Error | undefined;
  /** Whether this store made it, and writes it. */
  #isOwn = false;
  #position = 0;
  #pending: Pending[] = [];
  #writing: readonly Pending[] = [];
  #files: Promise<boolean>[] = [];
  #work: Promise<void> = Promise.resolve();

  private constructor(parent: string, name: string) {
    this.name = name;
    this.folder = join(parent, name);
  }

  /** Makes the folder of a new volume. Throws what the file system throws. */
  static create(parent: string, name: string): Volume {
    const volume = new Volume(parent, name);
    volume.#isOwn = true;
    mkdirSync(volume.folder, { recursive: true });
    signWriter(volume.folder);
    return volume;
  }

  /** The names of the volumes in a folder, oldest first. */
  static async list(parent: string): Promise<string[]> {
    try {
      return (await readdir(parent)).filter((name) => NAME.test(name)).sort();
    } catch {
      return [];
    }
  }

  /**
   * Opens a volume for reading. `reject` is told of each line that is not a line of an index. There
   * is no index yet, or never will be, while a first large body arrives: then nothing is in it.
   */
  static async load(
    parent: string,
    name: string,
    reject: (lineNumber: number) => void,
  ): Promise<{ volume: Volume; lines: IndexLine[] }> {
    const volume = new Volume(parent, name);
    const lines: IndexLine[] = [];
    for (const file of await readdir(volume.folder)) {
      volume.bytes += (await stat(join(volume.folder, file))).size;
    }
    const text = await readFile(join(volume.folder, INDEX), 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    for (const [number, item] of text.split('\n').entries()) {
      if (item === '') continue;
      const line = decodeLine(item);
      if (line === undefined) reject(number + 1);
      else lines.push(line);
    }
    return { volume, lines };
  }

  /** The path of a large body's file. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Takes an ended exchange; it is on disk after {@link flush}. */
  add(entry: Entry, details: string, request: Captured, response: Captured): Place {
    const encoded = Buffer.from(details);
    const bytes: Uint8Array[] = [encoded];
    let end = this.#position + encoded.length;
    const put = (captured: Captured): BodyPlace => {
      if (captured.kind === 'none') return captured;
      if (captured.kind === 'file') {
        this.bytes += captured.length;
        this.#files.push(captured.written);
        return { kind: 'file', name: captured.name, length: captured.length };
      }
      bytes.push(...captured.chunks);
      end += captured.length;
      return { kind: 'packed', at: end - captured.length, length: captured.length };
    };
    const place: Place = {
      details: { at: this.#position, length: encoded.length },
      request: put(request),
      response: put(response),
    };
    const line = encodeLine({ entry, place });
    this.#pending.push({ at: this.#position, bytes, line });
    this.bytes += end - this.#position + line.length;
    this.backlog += end - this.#position;
    this.#position = end;
    this.count++;
    return place;
  }

  /** Resolves once everything taken so far is on disk, or the volume has failed. */
  async flush(): Promise<void> {
    const files = this.#files;
    this.#files = [];
    this.#work = this.#work.then(() => this.#write());
    await this.#work;
    await Promise.all(files);
  }

  /** Writes what {@link flush} would, before it returns. For the moment of closing. */
  flushSync(): void {
    const items = [...this.#writing, ...this.#pending];
    const [first] = items;
    if (first === undefined || this.failure !== undefined) return;
    this.#pending = [];
    const file = openSync(join(this.folder, BODIES), 'a');
    closeSync(file);
    const handle = openSync(join(this.folder, BODIES), 'r+');
    try {
      const bytes = Buffer.concat(items.flatMap((item) => item.bytes));
      writeSync(handle, bytes, 0, bytes.length, first.at);
    } finally {
      closeSync(handle);
    }
    appendFileSync(join(this.folder, INDEX), items.map((item) => item.line).join(''));
  }

  /** Nothing will be written any more: from now on any window may delete it. */
  release(): void {
    if (this.#isOwn) unsignWriter(this.folder);
  }

  /** Reads up to `length` bytes of a body. Throws if they are not there any more. */
  async readBody(place: BodyPlace, length: number): Promise<Uint8Array> {
    switch (place.kind) {
      case 'none':
        return new Uint8Array(0);
      case 'packed':
        return this.#read(BODIES, place.at, Math.min(length, place.length));
      case 'file':
        return this.#read(place.name, 0, Math.min(length, place.length));
    }
  }

  async readDetails(place: Place): Promise<string> {
    const bytes = await this.#read(BODIES, place.details.at, place.details.length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }

  /** Deletes the folder, after what is being written; not if a window that lives writes there. */
  async remove(): Promise<void> {
    this.#pending = [];
    this.#work = this.#work.then(async () => {
      if (!this.#isOwn && (await isWrittenElsewhere(this.folder))) return;
      await rm(this.folder, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
    });
    await this.#work;
  }

  async #read(file: string, at: number, length: number): Promise<Uint8Array> {
    await this.flush();
    const handle = await open(join(this.folder, file), 'r');
    try {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, at + filled);
        if (bytesRead === 0) throw new Error(`${file} is shorter than its index says`);
        filled += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async #write(): Promise<void> {
    const items = this.#pending;
    const [first] = items;
    if (first === undefined || this.failure !== undefined) return;
    this.#pending = [];
    this.backlog = 0;
    this.#writing = items;
    try {
      const bytes = Buffer.concat(items.flatMap((item) => item.bytes));
      const handle = await open(join(this.folder, BODIES), first.at === 0 ? 'w' : 'r+');
      try {
        await handle.write(bytes, 0, bytes.length, first.at);
      } finally {
        await handle.close();
      }
      await appendFile(join(this.folder, INDEX), items.map((item) => item.line).join(''));
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#writing = [];
    }
  }
}
