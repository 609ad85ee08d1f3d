import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { within } from './wait.ts';

/** A response as it came over the wire. */
export interface RawResponse {
  readonly statusLine: string;
  readonly status: number;
  /** Names and values in turn. */
  readonly fields: readonly string[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
}

/** The first value of a field, by its name in any case. */
export function field(fields: readonly string[], name: string): string | undefined {
  const at = fields.findIndex(
    (item, index) => index % 2 === 0 && item.toLowerCase() === name.toLowerCase(),
  );
  return at < 0 ? undefined : fields[at + 1];
}

/** Every value of a field, in order. */
export function allOf(fields: readonly string[], name: string): string[] {
  return fields.filter(
    (_, index) => index % 2 === 1 && fields[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** The stable code of a problem document that carries the proxy's mark, else undefined. */
export function problemCode(response: RawResponse): string | undefined {
  if (field(response.fields, 'Content-Type') !== 'application/problem+json') return undefined;
  const { code, status } = JSON.parse(response.body.toString()) as Record<string, unknown>;
  const marked = field(response.fields, 'Caronte-Error') === code && status === response.status;
  return marked && typeof code === 'string' ? code : undefined;
}

/** A connection of a caller's that sends and reads bytes, and leaves everything else to the test. */
export class RawCaller {
  readonly socket: Socket;
  /** Resolves when the connection is closed in both directions, whether cleanly or not. */
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #onChange: () => void = () => undefined;

  /** With `ca` over TLS: the certificate that the proxy must have. */
  constructor(port: number, allowHalfOpen = false, ca?: string) {
    const place = { port, host: '127.0.0.1', allowHalfOpen };
    this.socket = ca === undefined ? connect(place) : connectSecurely({ ...place, ca });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#onChange();
    });
    const end = (): void => {
      this.#ended = true;
      this.#onChange();
    };
    this.socket.on('end', end);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        end();
        resolve();
      });
    });
  }

  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** What has arrived and was not read as part of a response. */
  get rest(): Buffer {
    return this.#bytes;
  }

  /** Reads up to and including the mark. Rejects if the connection ends before. */
  async through(mark: string): Promise<string> {
    const at = await this.#until(() => this.#bytes.indexOf(mark, 0, 'latin1'), mark);
    return this.#take(at + mark.length).toString('latin1');
  }

  /** Reads a whole response. Rejects if the connection breaks in the middle of it. */
  async response(method = 'GET'): Promise<RawResponse> {
    const head = (await this.through('\r\n\r\n')).split('\r\n').filter((line) => line !== '');
    const [statusLine = '', ...lines] = head;
    const status = Number(statusLine.split(' ')[1]);
    const fields = lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    let body: Buffer = Buffer.alloc(0);
    let trailers: string[] = [];
    const length = field(fields, 'Content-Length');
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
      // None of these has a body.
    } else if (field(fields, 'Transfer-Encoding') === 'chunked') {
      ({ body, trailers } = await this.#chunks());
    } else if (length !== undefined) {
      body = await this.#exactly(Number(length));
    } else {
      await this.#until(() => (this.#ended ? 0 : -1), 'the end');
      body = this.#take(this.#bytes.length);
    }
    return { statusLine, status, fields, body, trailers };
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #chunks(): Promise<{ body: Buffer; trailers: string[] }> {
    const pieces: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt(await this.through('\r\n'), 16);
      if (size > 0) {
        pieces.push(await this.#exactly(size));
        await this.through('\r\n');
        continue;
      }
      const trailers: string[] = [];
      for (;;) {
        const line = (await this.through('\r\n')).slice(0, -2);
        if (line === '') return { body: Buffer.concat(pieces), trailers };
        const colon = line.indexOf(':');
        trailers.push(line.slice(0, colon), line.slice(colon + 1).trim());
      }
    }
  }

  async #exactly(size: number): Promise<Buffer> {
    await this.#until(() => (this.#bytes.length >= size ? 0 : -1), `${size} bytes`);
    return this.#take(size);
  }

  #take(size: number): Buffer {
    const taken = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return taken;
  }

  #until(find: () => number, what: string): Promise<number> {
    const found = new Promise<number>((resolve, reject) => {
      const look = (): void => {
        const at = find();
        if (at >= 0) resolve(at);
        else if (this.#ended) reject(new Error(`the connection ended before ${what}`));
      };
      this.#onChange = look;
      look();
    });
    return within(found, what);
  }
}
