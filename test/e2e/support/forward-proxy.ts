import {
  createServer,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

export interface ForwardProxyOptions {
  /** `name:password` that callers have to bring. */
  readonly credentials?: string;
  /** Refuses CONNECT with 403, as networks do for ports other than 443. */
  readonly noConnect?: boolean;
  /** Makes it speak TLS. */
  readonly tls?: SecureContextOptions;
}

/**
 * A proxy as networks have them: CONNECT (RFC 9110 section 9.3.6) and requests that name a whole
 * address (RFC 9112 section 3.2.2). All host names lead to 127.0.0.1, since the names of the tests
 * are nobody's.
 */
export class ForwardProxy {
  /** What it was asked for, such as `CONNECT service.test:443` or `POST http://service.test/a`. */
  readonly asked: string[] = [];
  readonly #options: ForwardProxyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(options: ForwardProxyOptions) {
    this.#options = options;
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      this.#forward(request, response);
    this.#server =
      options.tls === undefined ? createServer(listener) : createHttps(options.tls, listener);
    this.#server.on('connect', (request: IncomingMessage, socket: Socket) =>
      this.#tunnel(request, socket),
    );
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
  }

  static async listen(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  #mayPass({ headers }: IncomingMessage): boolean {
    const { credentials } = this.#options;
    if (credentials === undefined) return true;
    const wanted = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return headers['proxy-authorization'] === wanted;
  }

  #tunnel(request: IncomingMessage, socket: Socket): void {
    this.asked.push(`CONNECT ${request.url}`);
    if (!this.#mayPass(request) || this.#options.noConnect === true) {
      const status = this.#mayPass(request) ? '403 Forbidden' : '407 Proxy Authentication Required';
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const port = Number(request.url?.split(':').at(-1));
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n');
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
    this.#keep(upstream);
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(`${request.method} ${request.url}`);
    if (!this.#mayPass(request)) {
      response.writeHead(407).end();
      return;
    }
    const { hostname, port, pathname, search } = new URL(request.url ?? '');
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    delete headers.connection;
    const onward = send(
      { host: '127.0.0.1', port, path: pathname + search, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, via: hostname });
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }
}
