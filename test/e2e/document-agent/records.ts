/**
 * Records as docs/protocol.md describes them. Nothing here is shared with the proxy or its agent:
 * whoever reads the document must be able to write this.
 */
export const TYPE = {
  exchange: 0x01,
  cancel: 0x02,
  waiting: 0x03,
  takenOver: 0x04,
  draining: 0x05,
  acknowledge: 0x10,
  response: 0x20,
  responseStart: 0x21,
  data: 0x22,
  end: 0x23,
  abort: 0x24,
  failure: 0x25,
  information: 0x26,
  result: 0x30,
} as const;

export interface DocumentRecord {
  readonly type: number;
  readonly payload: Buffer;
}

/** The first byte of a body of records. */
export const VERSION = Buffer.from([1]);

export function record(type: number, ...payload: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(
    payload.reduce((sum, { length }) => sum + length, 0),
    1,
  );
  return Buffer.concat([header, ...payload]);
}

/** Items of text, divided by LF, in Latin-1. */
export function text(...items: readonly string[]): Buffer {
  return Buffer.from(items.join('\n'), 'latin1');
}

/** A payload of text and body. */
export function withBody(head: Buffer, body: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return [length, head, body];
}

/** Takes such a payload apart. */
export function splitBody(payload: Buffer): { readonly items: string[]; readonly body: Buffer } {
  const end = 4 + payload.readUInt32BE(0);
  return {
    items: payload.toString('latin1', 4, end).split('\n'),
    body: payload.subarray(end),
  };
}

/** Reads records from chunks of any size. */
export class RecordReader {
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;

  push(chunk: Buffer): DocumentRecord[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const found: DocumentRecord[] = [];
    if (!this.#begun && this.#rest.length > 0) {
      if (this.#rest[0] !== VERSION[0]) throw new Error('records of another version');
      this.#begun = true;
      this.#rest = this.#rest.subarray(1);
    }
    while (this.#rest.length >= 5) {
      const end = 5 + this.#rest.readUInt32BE(1);
      if (this.#rest.length < end) break;
      found.push({ type: this.#rest[0] ?? 0, payload: this.#rest.subarray(5, end) });
      this.#rest = this.#rest.subarray(end);
    }
    return found;
  }
}
