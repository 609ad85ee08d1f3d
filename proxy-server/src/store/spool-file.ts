import { type FileHandle, open } from 'node:fs/promises';
import { failPoint } from '../routing/index.ts';
import type { SpoolFolder } from './spool-folder.ts';
import type { Spool } from './store.ts';

/** So many bytes may wait to be written before whoever sends them has to wait. */
const WAITING_BYTES = 1024 * 1024;

/** The file system takes no more: it is full, the user's share of it is, or files may not be longer. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Quota for a body that grows. */
export interface Allowance {
  /** False: there is not so much more. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

/** A body on its way into a file. */
export class SpoolFile implements Spool {
  readonly #id: string;
  readonly #folder: SpoolFolder;
  readonly #allowance: Allowance;
  /** Called once nobody has to know of it any more. */
  readonly #onOver: () => void;
  #phase: 'open' | 'whole' | 'handed over' | 'over' = 'open';
  #full = false;
  #error: unknown;
  #size = 0;
  #pieces: Buffer[] = [];
  #waiting = 0;
  #onDrain: (() => void)[] = [];
  #handle: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #finishing: Promise<'kept' | 'full'> | undefined;

  constructor(id: string, folder: SpoolFolder, allowance: Allowance, onOver: () => void) {
    this.#id = id;
    this.#folder = folder;
    this.#allowance = allowance;
    this.#onOver = onOver;
  }

  get full(): boolean {
    return this.#full;
  }

  get size(): number {
    return this.#size;
  }

  write(piece: Buffer): boolean {
    if (this.#phase !== 'open' || this.#full || this.#error !== undefined) return true;
    if (!this.#allowance.take(piece.length)) {
      this.refuse();
      return true;
    }
    this.#size += piece.length;
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    this.#writing ??= this.#write();
    return this.#waiting < WAITING_BYTES;
  }

  onDrain(callback: () => void): void {
    if (this.#waiting < WAITING_BYTES) queueMicrotask(callback);
    else this.#onDrain.push(callback);
  }

  finish(): Promise<'kept' | 'full'> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  discard(): void {
    if (this.#phase === 'handed over' || this.#phase === 'over') return;
    this.#drop();
    this.#over();
    void Promise.allSettled([this.#writing, this.#finishing])
      .then(() => this.#close())
      .catch(() => undefined)
      .then(() => this.#folder.remove([this.#id]));
  }

  /** Nothing more is kept. */
  refuse(): void {
    this.#full = true;
    this.#drop();
  }

  /** An entry is about to have it. False: it is not whole. */
  handOver(): boolean {
    if (this.#phase !== 'whole') return false;
    this.#phase = 'handed over';
    return true;
  }

  /** The entry is on disk, or it is not to be. */
  handedOver(isKept: boolean): void {
    this.#over();
    if (!isKept) this.#folder.remove([this.#id]);
  }

  #over(): void {
    this.#phase = 'over';
    this.#allowance.giveBack(this.#size);
    this.#size = 0;
    this.#onOver();
  }

  async #finish(): Promise<'kept' | 'full'> {
    await this.#writing;
    try {
      if (this.#error !== undefined) throw this.#error;
      if (!this.#full && this.#phase === 'open') {
        // A body without a byte has a file as well.
        this.#handle ??= await this.#create();
        await this.#handle.sync();
        await this.#close();
        await this.#folder.sync();
      }
    } catch (error) {
      if (!isNoRoom(error)) {
        this.discard();
        throw error;
      }
      this.#full = true;
    }
    if (this.#full || this.#phase !== 'open') {
      this.discard();
      return 'full';
    }
    failPoint('body_spooled');
    this.#phase = 'whole';
    return 'kept';
  }

  async #write(): Promise<void> {
    try {
      this.#handle ??= await this.#create();
      for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
        await this.#handle.writeFile(piece);
        this.#waiting -= piece.length;
        if (this.#waiting < WAITING_BYTES) this.#drained();
      }
    } catch (error) {
      if (isNoRoom(error)) this.#full = true;
      else this.#error = error;
      this.#drop();
    } finally {
      this.#writing = undefined;
    }
  }

  /** What waits is not written; whoever waits for that goes on. */
  #drop(): void {
    this.#pieces = [];
    this.#waiting = 0;
    this.#drained();
  }

  #drained(): void {
    const callbacks = this.#onDrain;
    this.#onDrain = [];
    for (const callback of callbacks) callback();
  }

  #create(): Promise<FileHandle> {
    return open(this.#folder.file(this.#id), 'w', 0o600);
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '');
}
