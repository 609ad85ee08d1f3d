import { type Bytes, readUint32 } from './bytes.ts';
import { WIRE_LIMITS } from './limits.ts';
import { MalformedError } from './malformed.ts';
import { RECORD, RECORD_HEADER } from './record.ts';
import { VERSION_BYTE } from './version.ts';

export interface DecoderOptions {
  /** Allocates a byte array, as `Buffer.allocUnsafe` does. Never asked for more than a record's limit. */
  readonly allocate: (size: number) => Bytes;
  /** A whole record. The payload may be a view of the chunk, and lives as long as that does. */
  readonly onRecord: (type: number, payload: Bytes) => void;
  /** A piece of a DATA record, as it arrives. A view of the chunk. */
  readonly onData: (piece: Bytes) => void;
}

/** The largest payload that each type may have; a type that is not here is malformed. */
const MAX_PAYLOAD = new Map<number, number>([
  [RECORD.exchange, WIRE_LIMITS.record],
  [RECORD.cancel, 64],
  [RECORD.waiting, 4],
  [RECORD.takenOver, 1024],
  [RECORD.draining, 0],
  [RECORD.queue, 64],
  [RECORD.acknowledge, WIRE_LIMITS.acknowledgements],
  [RECORD.response, WIRE_LIMITS.record],
  [RECORD.responseStart, WIRE_LIMITS.text],
  [RECORD.data, WIRE_LIMITS.data],
  [RECORD.end, WIRE_LIMITS.text],
  [RECORD.abort, 1024],
  [RECORD.failure, 4096],
  [RECORD.information, WIRE_LIMITS.text],
  [RECORD.result, 64],
]);

/**
 * Splits a body of records that arrives in chunks of any size. Records that lie whole in a chunk
 * are not copied; DATA passes through without being gathered.
 */
export class RecordDecoder {
  readonly #options: DecoderOptions;
  readonly #header = new Uint8Array(RECORD_HEADER);
  #versionSeen = false;
  #headerFilled = 0;
  #type = 0;
  /** Bytes of the payload that are still missing; -1 while a header is being read. */
  #missing = -1;
  #partial: Bytes | undefined;
  #partialFilled = 0;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  /** Takes the next chunk. Throws {@link MalformedError}; the decoder is of no use after that. */
  push(chunk: Bytes): void {
    let at = 0;
    if (!this.#versionSeen && chunk.length > 0) {
      if (chunk[0] !== VERSION_BYTE) throw new MalformedError('unknown version byte');
      this.#versionSeen = true;
      at = 1;
    }
    while (at < chunk.length) {
      at = this.#missing < 0 ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at);
    }
  }

  /** Tells the decoder that the body has ended. Throws if that cuts a record in two. */
  finish(): void {
    if (this.#headerFilled > 0 || this.#missing >= 0) {
      throw new MalformedError('the body ends inside a record');
    }
  }

  #readHeader(chunk: Bytes, at: number): number {
    while (this.#headerFilled < RECORD_HEADER && at < chunk.length) {
      this.#header[this.#headerFilled++] = chunk[at++] ?? 0;
    }
    if (this.#headerFilled < RECORD_HEADER) return at;
    this.#headerFilled = 0;
    this.#type = this.#header[0] ?? 0;
    const length = readUint32(this.#header, 1);
    const max = MAX_PAYLOAD.get(this.#type);
    if (max === undefined) throw new MalformedError(`unknown record type ${this.#type}`);
    if (length > max) {
      throw new MalformedError(`record type ${this.#type} of ${length} bytes is over ${max}`);
    }
    this.#missing = length;
    if (length === 0) this.#readPayload(chunk, at);
    return at;
  }

  #readPayload(chunk: Bytes, at: number): number {
    const end = Math.min(chunk.length, at + this.#missing);
    if (this.#type === RECORD.data) {
      this.#missing -= end - at;
      if (this.#missing === 0) this.#missing = -1;
      if (end > at) this.#options.onData(chunk.subarray(at, end));
      return end;
    }
    if (this.#partial === undefined && end - at === this.#missing) {
      this.#missing = -1;
      this.#options.onRecord(this.#type, chunk.subarray(at, end));
      return end;
    }
    this.#partial ??= this.#options.allocate(this.#missing);
    this.#partial.set(chunk.subarray(at, end), this.#partialFilled);
    this.#partialFilled += end - at;
    this.#missing -= end - at;
    if (this.#missing === 0) {
      const payload = this.#partial;
      this.#partial = undefined;
      this.#partialFilled = 0;
      this.#missing = -1;
      this.#options.onRecord(this.#type, payload);
    }
    return end;
  }
}
