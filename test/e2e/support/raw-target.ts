import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Fields, framingOf, MessageReader, NO_BODY } from './message.ts';

/** A request as it stood on the wire, in Latin-1. */
export interface RawRequest {
  readonly startLine: string;
  readonly method: string;
  readonly path: string;
  readonly fields: Fields;
  readonly body: Buffer;
}

/** Gets whole requests, and writes what it likes to the socket. */
export type RawHandler = (request: RawRequest, socket: Socket) => void;

/** A target without an HTTP library: what it got and what it gives is on the wire byte for byte. */
export class RawTarget {
  readonly requests: RawRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(handler: RawHandler) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#read(socket, handler);
    });
  }

  /** `port` 0 takes any free one. */
  static async listen(handler: RawHandler, port = 0): Promise<RawTarget> {
    const target = new RawTarget(handler);
    await new Promise<void>((resolve, reject) => {
      target.#server.once('error', reject);
      target.#server.listen(port, '127.0.0.1', resolve);
    });
    return target;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #read(socket: Socket, handler: RawHandler): void {
    let startLine = '';
    let fields: Fields = [];
    let pieces: Buffer[] = [];
    const reader = new MessageReader({
      onHead: (head) => {
        ({ startLine, fields } = head);
        return framingOf(fields, NO_BODY);
      },
      onPiece: (piece) => pieces.push(piece),
      onEnd: () => {
        const [method = '', path = ''] = startLine.split(' ');
        const request = { startLine, method, path, fields, body: Buffer.concat(pieces) };
        pieces = [];
        this.requests.push(request);
        handler(request, socket);
      },
    });
    socket.on('data', (chunk) => reader.push(chunk));
  }
}

/** A response on the wire: lines of the head in Latin-1, then the body. */
export function responseText(lines: readonly string[], body: Buffer | string = ''): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  return Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'), bytes]);
}

/** 200 with a body and its length. */
export function ok(body: Buffer | string, ...lines: string[]): Buffer {
  const length = typeof body === 'string' ? Buffer.byteLength(body, 'latin1') : body.length;
  return responseText(['HTTP/1.1 200 OK', `Content-Length: ${length}`, ...lines], body);
}
