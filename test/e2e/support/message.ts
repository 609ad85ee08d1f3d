/** Names and values of header fields as they were on the wire, in Latin-1. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** What stands before the body of an HTTP/1.1 message. */
export interface Head {
  readonly startLine: string;
  readonly fields: Fields;
}

/** How a reader finds the end of a body (RFC 9112 section 6.3). */
export type Framing =
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export const NO_BODY: Framing = { kind: 'length', length: 0 };

export interface MessageListener {
  /** Says how the body is framed. */
  onHead(head: Head): Framing;
  onPiece(piece: Buffer): void;
  /** The message is complete. */
  onEnd(): void;
}

/** The values of all fields of that name. */
export function valuesOf(fields: Fields, name: string): string[] {
  const lower = name.toLowerCase();
  return fields.filter(([key]) => key.toLowerCase() === lower).map(([, value]) => value);
}

/** The framing that the fields tell; `otherwise` if they tell nothing. */
export function framingOf(fields: Fields, otherwise: Framing): Framing {
  if (valuesOf(fields, 'transfer-encoding').length > 0) return { kind: 'chunked' };
  const [length] = valuesOf(fields, 'content-length');
  return length === undefined ? otherwise : { kind: 'length', length: Number(length) };
}

/**
 * Reads HTTP/1.1 messages from a connection without changing anything in them. It trusts its peer:
 * it is for tests, which compare what it finds.
 */
export class MessageReader {
  readonly #listener: MessageListener;
  #pending: Buffer = Buffer.alloc(0);
  #body: Body | undefined;

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    for (;;) {
      if (this.#body === undefined) {
        this.#pending = Buffer.concat([this.#pending, rest]);
        const end = this.#pending.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = parseHead(this.#pending.toString('latin1', 0, end));
        rest = this.#pending.subarray(end + 4);
        this.#pending = Buffer.alloc(0);
        this.#body = bodyOf(this.#listener.onHead(head));
      }
      rest = this.#body.push(rest, (piece) => this.#listener.onPiece(piece));
      if (!this.#body.complete) return;
      this.#body = undefined;
      this.#listener.onEnd();
      if (rest.length === 0) return;
    }
  }

  /** The peer has sent its last byte. */
  end(): void {
    if (this.#body?.endsWithConnection !== true) return;
    this.#body = undefined;
    this.#listener.onEnd();
  }
}

function parseHead(text: string): Head {
  const [startLine = '', ...lines] = text.split('\r\n');
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
  });
  return { startLine, fields };
}

interface Body {
  readonly complete: boolean;
  readonly endsWithConnection: boolean;
  /** Returns what follows the body. */
  push(chunk: Buffer, onPiece: (piece: Buffer) => void): Buffer;
}

function bodyOf(framing: Framing): Body {
  if (framing.kind === 'chunked') return new ChunkedBody();
  return new PlainBody(framing.kind === 'close' ? Infinity : framing.length);
}

class PlainBody implements Body {
  #missing: number;

  constructor(length: number) {
    this.#missing = length;
  }

  get complete(): boolean {
    return this.#missing === 0;
  }

  get endsWithConnection(): boolean {
    return this.#missing === Infinity;
  }

  push(chunk: Buffer, onPiece: (piece: Buffer) => void): Buffer {
    const piece = chunk.subarray(0, Math.min(chunk.length, this.#missing));
    this.#missing -= piece.length;
    if (piece.length > 0) onPiece(piece);
    return chunk.subarray(piece.length);
  }
}

/** RFC 9112 section 7.1. */
class ChunkedBody implements Body {
  readonly endsWithConnection = false;
  complete = false;
  #line = '';
  #missing = 0;
  #expects: 'size' | 'data' | 'end of data' | 'trailer' = 'size';

  push(chunk: Buffer, onPiece: (piece: Buffer) => void): Buffer {
    let at = 0;
    while (at < chunk.length && !this.complete) {
      if (this.#expects === 'data') {
        const piece = chunk.subarray(at, at + this.#missing);
        at += piece.length;
        this.#missing -= piece.length;
        onPiece(piece);
        if (this.#missing === 0) this.#expects = 'end of data';
      } else {
        const end = chunk.indexOf('\n', at);
        this.#line += chunk.toString('latin1', at, end < 0 ? chunk.length : end);
        at = end < 0 ? chunk.length : end + 1;
        if (end >= 0) this.#onLine(this.#line.replace(/\r$/, ''));
      }
    }
    return chunk.subarray(at);
  }

  #onLine(line: string): void {
    this.#line = '';
    if (this.#expects === 'size') {
      if (!/^[0-9a-f]+(?:;|$)/i.test(line)) throw new Error(`no chunk size: ${line}`);
      this.#missing = parseInt(line, 16);
      this.#expects = this.#missing === 0 ? 'trailer' : 'data';
    } else if (this.#expects === 'end of data') {
      if (line !== '') throw new Error('a chunk is longer than its size');
      this.#expects = 'size';
    } else if (line === '') {
      this.complete = true;
    }
  }
}
