import {
  encodeAbort,
  encodeEnd,
  encodeResponseStart,
  RECORD,
  recordHeader,
  type ResponseHead,
  VERSION_BYTE,
} from 'caronte-proxy/protocol';
import { Readable } from 'node:stream';

/** Bytes that may wait for the proxy before the target is asked to pause. */
const WINDOW = 256 * 1024;

/** One response in pieces, as records for a request of its own. */
export class ReplyStream {
  readonly #onRoom: () => void;
  /** What the request to the proxy sends. */
  readonly body: Readable;

  /** `onRoom` is called whenever the proxy took something after {@link write} said to wait. */
  constructor(head: ResponseHead, onRoom: () => void) {
    this.#onRoom = onRoom;
    this.body = new Readable({ highWaterMark: WINDOW, read: () => this.#onRoom() });
    this.body.push(
      Buffer.from(String.fromCharCode(VERSION_BYTE) + encodeResponseStart(head), 'latin1'),
    );
  }

  /** Sends a piece of the body, of at most a socket read's size. False: wait for room. */
  write(piece: Buffer): boolean {
    const record = Buffer.allocUnsafe(5 + piece.length);
    record.write(recordHeader(RECORD.data, piece.length), 0, 'latin1');
    piece.copy(record, 5);
    return this.body.push(record);
  }

  end(trailers: readonly string[]): void {
    this.body.push(Buffer.from(encodeEnd(trailers), 'latin1'));
    this.body.push(null);
  }

  /** The body breaks off here; the caller must not take it for complete. */
  abort(reason: string): void {
    this.body.push(Buffer.from(encodeAbort(reason), 'latin1'));
    this.body.push(null);
  }

  destroy(): void {
    this.body.destroy();
  }
}
