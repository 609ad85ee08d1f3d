import { createWriteStream, type WriteStream } from 'node:fs';

/** Limits of what is taken from bodies that pass by, in bytes. */
export const CAPTURE_LIMITS = {
  /** A body up to this size is kept in memory until its exchange has ended. */
  memory: 64 * 1024,
  /** All captures together may have this much on its way to the disk; what comes above it is cut. */
  backlog: 32 * 1024 * 1024,
} as const;

/** What captures share. */
export interface CaptureShare {
  /** Bytes on their way to the disk. */
  backlog: number;
  /** A body is cut at this size, in bytes. */
  readonly maxBody: () => number;
}

/** A body that was captured. Its length is below the capture's `size` if it was cut. */
export type Captured =
  | { readonly kind: 'none' }
  | { readonly kind: 'memory'; readonly chunks: readonly Uint8Array[]; readonly length: number }
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly length: number;
      /** Resolves once the file is complete; false if it could not be written. */
      readonly written: Promise<boolean>;
    };

/** Takes a copy of a body as it passes by: in memory while it is small, else in a file. */
export class BodyCapture {
  /** Bytes that passed by. */
  size = 0;
  readonly #share: CaptureShare;
  readonly #openFile: () => { name: string; path: string };
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #cut = false;
  #file: { name: string; stream: WriteStream; written: Promise<boolean> } | undefined;

  /** `openFile` names the file once one is needed; its folder must be there. */
  constructor(share: CaptureShare, openFile: () => { name: string; path: string }) {
    this.#share = share;
    this.#openFile = openFile;
  }

  /** Copies the bytes: they belong to the caller. */
  push(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (this.#cut) return;
    const room = this.#share.maxBody() - this.#kept;
    const overBacklog =
      this.#file !== undefined && this.#share.backlog + bytes.length > CAPTURE_LIMITS.backlog;
    if (bytes.length > room || overBacklog) this.#cut = true;
    const taken = overBacklog ? 0 : Math.min(bytes.length, room);
    if (taken === 0) return;
    this.#kept += taken;
    const copy = new Uint8Array(bytes.subarray(0, taken));
    if (this.#file !== undefined) {
      this.#write(this.#file.stream, copy);
      return;
    }
    this.#chunks.push(copy);
    if (this.#kept > CAPTURE_LIMITS.memory) this.#spill();
  }

  /** Call once, when the body has ended or broken off. */
  finish(): Captured {
    if (this.#file !== undefined) {
      const { name, stream, written } = this.#file;
      stream.end();
      return { kind: 'file', name, length: this.#kept, written };
    }
    if (this.#kept === 0) return { kind: 'none' };
    return { kind: 'memory', chunks: this.#chunks, length: this.#kept };
  }

  #spill(): void {
    const { name, path } = this.#openFile();
    const stream = createWriteStream(path);
    const written = new Promise<boolean>((resolve) => {
      stream.once('close', () => {
        resolve(stream.errored === null);
      });
      stream.once('error', () => {
        this.#cut = true;
      });
    });
    this.#file = { name, stream, written };
    for (const chunk of this.#chunks) this.#write(stream, chunk);
    this.#chunks = [];
  }

  #write(stream: WriteStream, bytes: Uint8Array): void {
    this.#share.backlog += bytes.length;
    stream.write(bytes, () => {
      this.#share.backlog -= bytes.length;
    });
  }
}
