import { createServer, type Server } from 'node:http';
import { pipeline } from 'node:stream/promises';

/**
 * A service on 127.0.0.1 that answers with the body it is sent: something to lead a tunnel to
 * before there is a service of one's own.
 */
export class EchoTarget {
  #server: Server | undefined;

  /** Resolves with its port; it keeps it until it is closed. */
  async start(): Promise<number> {
    this.#server ??= createServer((request, response) => {
      const type = request.headers['content-type'];
      response.writeHead(200, {
        'content-type': type ?? 'text/plain; charset=utf-8',
        'x-echo': 'caronte',
      });
      // A caller that leaves ends it; there is nobody to tell.
      pipeline(request, response).catch(() => undefined);
    });
    const server = this.#server;
    if (!server.listening) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: '127.0.0.1', port: 0 }, resolve);
      });
    }
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port to echo on');
    return address.port;
  }

  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  dispose(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }
}
