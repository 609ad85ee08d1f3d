import type { Readable } from 'node:stream';
import type { BodyForm } from '../protocol/index.ts';
import type { BodySink, RequestBody, SideReader } from '../routing/index.ts';

const EMPTY = Buffer.alloc(0);
const UNREADABLE = 'the stored body cannot be read';

/** The body of a queued request that lies in a file of its own. */
export class StoredBody implements RequestBody {
  readonly form: BodyForm;
  readonly bytes = EMPTY;
  readonly #open: () => Readable;
  readonly #onProgress: () => void;
  readonly #trailers: readonly string[];
  #file: Readable | undefined;
  #sink: BodySink | undefined;
  #beside: SideReader[] = [];
  #sinkHasRoom = true;
  #streamed = false;
  #finished = false;

  /** `onProgress` is called whenever some of it was handed on. */
  constructor(
    size: number,
    trailers: readonly string[],
    open: () => Readable,
    onProgress: () => void,
  ) {
    // Only a body in chunks has trailers.
    this.form = { kind: 'stream', length: trailers.length > 0 ? undefined : size };
    this.#trailers = trailers;
    this.#open = open;
    this.#onProgress = onProgress;
  }

  get finished(): boolean {
    return this.#finished;
  }

  stream(sink: BodySink): boolean {
    if (this.#streamed) return false;
    this.#streamed = true;
    this.#sink = sink;
    const file = this.#open();
    this.#file = file;
    file.on('data', (piece: Buffer) => {
      this.#onProgress();
      for (const one of this.#beside) one.write(piece);
      this.#sinkHasRoom = this.#sink?.write(piece) !== false;
      if (!this.#hasRoom()) file.pause();
    });
    file.on('end', () => {
      this.#finished = true;
      this.#sink?.end(this.#trailers);
      for (const one of this.#beside) one.end(this.#trailers);
      this.#letGo();
    });
    file.on('error', () => this.#abort());
    return true;
  }

  tee(beside: SideReader): void {
    this.#beside.push(beside);
  }

  onReady(): void {
    if (this.#hasRoom()) this.#file?.resume();
  }

  resume(): void {
    this.#sinkHasRoom = true;
    this.onReady();
  }

  discard(): void {
    const file = this.#file;
    if (!this.#finished) for (const one of this.#beside) one.abort(UNREADABLE);
    this.#letGo();
    file?.destroy();
  }

  #hasRoom(): boolean {
    return this.#sinkHasRoom && this.#beside.every(({ ready }) => ready);
  }

  #abort(): void {
    this.#sink?.abort(UNREADABLE);
    this.discard();
  }

  #letGo(): void {
    this.#sink = undefined;
    this.#beside = [];
    this.#file = undefined;
  }
}

/** The body of a queued request that is held in memory: small, or none. */
export class HeldBody implements RequestBody {
  readonly form: BodyForm;
  readonly bytes: Buffer;
  readonly finished = true;

  /** Undefined: the request has no body. */
  constructor(bytes: Buffer | undefined) {
    this.form = { kind: bytes === undefined ? 'none' : 'inline' };
    this.bytes = bytes ?? EMPTY;
  }

  stream(): boolean {
    return false;
  }

  tee(): void {}
  onReady(): void {}
  resume(): void {}
  discard(): void {}
}
