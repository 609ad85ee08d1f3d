import {
  encodeAbort,
  encodeEnd,
  encodeResponseStart,
  RECORD,
  recordHeader,
  type ResponseHead,
  SILENCE_MS,
  VERSION_BYTE,
} from 'caronte-proxy/protocol';
import { Readable } from 'node:stream';
import type { Clock } from './clock.ts';
import { FAIL_POINT, failPointOnceSent } from './fail-point.ts';

/** Bytes that may wait for the proxy before the target is asked to pause. */
const WINDOW = 256 * 1024;

/**
 * A piece up to this size is copied behind its header, to leave in one write. Copies of larger ones
 * would be most of what a long stream leaves to be collected.
 */
const COPIED = 16 * 1024;

/** One response in pieces, as records for a request of its own. */
export class ReplyStream {
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  #silent = true;
  #begun = false;
  /** A crash test ends the process here: what follows stays away. */
  #halted = false;
  #cancelBeat: () => void = () => undefined;
  /** What the request to the proxy sends. */
  readonly body: Readable;

  /** `onRoom` is called whenever the proxy took something after {@link write} said to wait. */
  constructor(head: ResponseHead, clock: Clock, onRoom: () => void) {
    this.#clock = clock;
    this.#onRoom = onRoom;
    this.body = new Readable({ highWaterMark: WINDOW, read: () => this.#onRoom() });
    this.body.push(
      Buffer.from(String.fromCharCode(VERSION_BYTE) + encodeResponseStart(head), 'latin1'),
    );
    this.#beat();
  }

  /** Sends a piece of the body, of at most a socket read's size. False: wait for room. */
  write(piece: Buffer): boolean {
    if (this.#halted) return false;
    this.#silent = false;
    const room = this.#push(piece);
    if (!this.#begun) this.#halted = failPointOnceSent(FAIL_POINT.midReply);
    this.#begun = true;
    return room;
  }

  #push(piece: Buffer): boolean {
    const header = recordHeader(RECORD.data, piece.length);
    if (piece.length > COPIED) {
      this.body.push(Buffer.from(header, 'latin1'));
      return this.body.push(piece);
    }
    const record = Buffer.allocUnsafe(5 + piece.length);
    record.write(header, 0, 'latin1');
    piece.copy(record, 5);
    return this.body.push(record);
  }

  end(trailers: readonly string[]): void {
    if (this.#halted) return;
    this.body.push(Buffer.from(encodeEnd(trailers), 'latin1'));
    this.#close();
  }

  /** The body breaks off here; the caller must not take it for complete. */
  abort(reason: string): void {
    this.body.push(Buffer.from(encodeAbort(reason), 'latin1'));
    this.#close();
  }

  destroy(): void {
    this.#cancelBeat();
    this.body.destroy();
  }

  #close(): void {
    this.#cancelBeat();
    this.body.push(null);
  }

  #beat(): void {
    this.#cancelBeat = this.#clock.after(SILENCE_MS, () => {
      if (this.#silent && this.body.readableLength === 0) {
        this.body.push(Buffer.from(recordHeader(RECORD.data, 0), 'latin1'));
      }
      this.#silent = true;
      this.#beat();
    });
  }
}
