import { connect, type Socket } from 'node:net';
import {
  type Fields,
  type Framing,
  framingOf,
  type Head,
  MessageReader,
  NO_BODY,
  valuesOf,
} from './message.ts';
import { SOON, within } from './waiting.ts';

/** A request as it is to stand on the wire. */
export interface RequestText {
  /** GET if absent. */
  readonly method?: string;
  readonly path: string;
  /** In Latin-1. Host and, with a body, Content-Length are added unless they are given. */
  readonly fields?: Fields;
  readonly body?: Buffer | string;
}

/** A whole response. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly body: Buffer;
  /** From the request's last byte to the response's last byte, in milliseconds. */
  readonly ms: number;
}

/** The values of all fields of that name, joined; undefined if there is none. */
export function field(answer: { readonly fields: Fields }, name: string): string | undefined {
  const values = valuesOf(answer.fields, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** The connection ended before the response was complete. */
export class BrokenOff extends Error {
  /** The response's status, if a head came. */
  readonly status: number | undefined;
  /** Bytes of its body that came. */
  readonly bytes: number;

  constructor(status: number | undefined, bytes: number, cause: unknown) {
    super(`the connection ended after ${bytes} bytes of an answer ${status ?? 'without a head'}`, {
      cause,
    });
    this.name = 'BrokenOff';
    this.status = status;
    this.bytes = bytes;
  }
}

/** A response on its way. */
export class Reply {
  /** Resolves with the head. */
  readonly head: Promise<Head & { readonly status: number }>;
  /** Resolves when the response is complete; rejects with {@link BrokenOff}. */
  readonly whole: Promise<Answer>;
  /** What came of the body so far. Empty if pieces are handed to a listener instead. */
  readonly pieces: Buffer[] = [];
  readonly interim: Head[] = [];
  bytes = 0;
  onPiece: ((piece: Buffer) => void) | undefined;
  #since = performance.now();
  #status: number | undefined;
  #onHead: (head: Head & { readonly status: number }) => void = () => undefined;
  #onWhole: (answer: Answer) => void = () => undefined;
  #onBroken: (error: Error) => void = () => undefined;
  #head: Head | undefined;
  readonly #method: string;

  constructor(method: string) {
    this.#method = method;
    this.head = new Promise((resolve, reject) => {
      this.#onHead = resolve;
      this.#onBroken = reject;
    });
    const headFailed = this.#onBroken;
    this.whole = new Promise((resolve, reject) => {
      this.#onWhole = resolve;
      this.#onBroken = (error) => {
        headFailed(error);
        reject(error);
      };
    });
    // Whoever is interested awaits them.
    this.head.catch(() => undefined);
    this.whole.catch(() => undefined);
  }

  /** The request's last byte is on its way. */
  sent(): void {
    this.#since = performance.now();
  }

  text(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  takeHead(head: Head): Framing {
    const status = Number(head.startLine.split(' ')[1]);
    if (status < 200 && status !== 101) {
      this.interim.push(head);
      return NO_BODY;
    }
    this.#head = head;
    this.#status = status;
    this.#onHead({ ...head, status });
    if (this.#method === 'HEAD' || status === 204 || status === 304) return NO_BODY;
    return framingOf(head.fields, { kind: 'close' });
  }

  takePiece(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.onPiece !== undefined) this.onPiece(piece);
    else this.pieces.push(piece);
  }

  /** Returns whether that was the final response. */
  takeEnd(): boolean {
    const head = this.#head;
    if (head === undefined) return false;
    this.#onWhole({
      status: this.#status ?? 0,
      reason: head.startLine.split(' ').slice(2).join(' '),
      fields: head.fields,
      body: Buffer.concat(this.pieces),
      ms: performance.now() - this.#since,
    });
    return true;
  }

  breakOff(cause: unknown): void {
    this.#onBroken(new BrokenOff(this.#status, this.bytes, cause));
  }
}

/** A caller on a socket of its own; requests follow one another on it. */
export class Caller {
  readonly socket: Socket;
  readonly #reader: MessageReader;
  readonly #replies: Reply[] = [];
  #error: unknown;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = new MessageReader({
      onHead: (head) => this.#replies[0]?.takeHead(head) ?? { kind: 'close' },
      onPiece: (piece) => this.#replies[0]?.takePiece(piece),
      onEnd: () => {
        if (this.#replies[0]?.takeEnd() === true) this.#replies.shift();
      },
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#reader.push(chunk));
    socket.on('end', () => this.#reader.end());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      for (const reply of this.#replies.splice(0)) reply.breakOff(this.#error);
    });
  }

  /** Rejects if the connection is refused. With `allowHalfOpen` it may end its side and read on. */
  static async connect(port: number, host = '127.0.0.1', allowHalfOpen = false): Promise<Caller> {
    const socket = connect({ port, host, allowHalfOpen });
    await within(
      SOON,
      'connection',
      new Promise((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      }),
    );
    return new Caller(socket);
  }

  get usable(): boolean {
    return !this.socket.destroyed && this.socket.writable && !this.socket.readableEnded;
  }

  /** Sends a whole request. */
  send(request: RequestText): Reply {
    const { method = 'GET', body = '' } = request;
    const reply = this.expect(method);
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    const head = Buffer.from(headText(request, bytes.length), 'latin1');
    if (bytes.length > 16 * 1024) {
      this.socket.cork();
      this.socket.write(head);
      this.socket.write(bytes);
      this.socket.uncork();
    } else {
      this.socket.write(Buffer.concat([head, bytes]));
    }
    reply.sent();
    return reply;
  }

  /** Sends nothing: the test writes to the socket by itself. */
  expect(method: string): Reply {
    const reply = new Reply(method);
    this.#replies.push(reply);
    if (this.socket.destroyed) {
      this.#replies.pop();
      reply.breakOff(this.#error);
    }
    return reply;
  }

  /** Resolves once there is room for more. Rejects if the connection ends. */
  async write(bytes: Buffer | string): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    await new Promise<void>((resolve, reject) => {
      this.socket.write(data, (error) => (error ? reject(error) : resolve()));
    });
  }

  leave(): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own. Rejects with {@link BrokenOff}, or after `ms`. */
export async function call(port: number, request: RequestText, ms = SOON): Promise<Answer> {
  const caller = await Caller.connect(port);
  try {
    return await within(ms, `answer to ${request.path}`, caller.send(request).whole);
  } finally {
    caller.leave();
  }
}

/** A request's head on the wire, in Latin-1. */
export function headText(request: RequestText, length: number): string {
  const { method = 'GET', path, fields = [], body } = request;
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  if (valuesOf(fields, 'host').length === 0) lines.unshift('Host: tunnel.example.com');
  const framed =
    valuesOf(fields, 'content-length').length > 0 ||
    valuesOf(fields, 'transfer-encoding').length > 0;
  if (body !== undefined && !framed) lines.push(`Content-Length: ${length}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
