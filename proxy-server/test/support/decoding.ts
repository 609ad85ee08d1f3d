import { type Bytes, RECORD, RecordDecoder } from '../../src/protocol/index.ts';

/** What a decoder handed on, with DATA joined, and what it allocated. */
export class Decoded {
  readonly records: { type: number; payload: string }[] = [];
  readonly allocated: number[] = [];
  data = '';
  readonly decoder: RecordDecoder;

  constructor() {
    this.decoder = new RecordDecoder({
      allocate: (size) => {
        this.allocated.push(size);
        return Buffer.alloc(size);
      },
      onRecord: (type, payload) => this.records.push({ type, payload: payload.toString('latin1') }),
      onData: (piece) => {
        this.data += piece.toString('latin1');
      },
    });
  }

  /** Decodes a whole body that arrives in these chunks. */
  static of(chunks: readonly Uint8Array[]): Decoded {
    const decoded = new Decoded();
    for (const chunk of chunks) decoded.decoder.push(Buffer.from(chunk));
    decoded.decoder.finish();
    return decoded;
  }
}

/** The payload of a record that an encoder made. */
export function payloadOf(record: string, body: string | Buffer = ''): Bytes {
  const bytes = Buffer.concat([
    Buffer.from([1]),
    Buffer.from(record, 'latin1'),
    typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
  ]);
  let found: Bytes | undefined;
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.alloc(size),
    onRecord: (type, payload) => {
      if (type === RECORD.data || found !== undefined) throw new Error('not a single record');
      found = payload;
    },
    onData: () => undefined,
  });
  decoder.push(bytes);
  decoder.finish();
  if (found === undefined) throw new Error('no record');
  return found;
}
