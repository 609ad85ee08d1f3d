import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { echoFields } from './fields.ts';

export interface EchoOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Pause before each answer, in milliseconds. */
  readonly delayMs: number;
}

/** What the echo tells of a request that it is done with. */
export interface EchoedRequest {
  readonly method: string;
  readonly url: string;
  /** Body bytes that went back. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Whether the whole answer was handed to the connection. */
  readonly complete: boolean;
}

export interface EchoServer {
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Lets the requests in hand finish. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** Larger than what a proxy lets through, so that the echo is never the limit. In bytes. */
const MAX_HEAD = 256 * 1024;

/** A target for trying a tunnel out: answers 200 with the request's own body. */
export function createEchoServer(
  options: EchoOptions,
  onRequest: (request: EchoedRequest) => void,
): EchoServer {
  const server = createServer(
    // An upload may take as long as it takes.
    { requestTimeout: 0, maxHeaderSize: MAX_HEAD },
    (request, response) => {
      const since = performance.now();
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      // Not a byte is read before the delay is over, so that the caller has to keep the rest.
      request.pause();
      const timer = setTimeout(() => void answer(request, response), options.delayMs);
      response.on('close', () => {
        clearTimeout(timer);
        onRequest({
          method: request.method ?? '',
          url: request.url ?? '',
          bytes,
          durationMs: performance.now() - since,
          complete: response.writableFinished,
        });
        // A connection that is kept alive would otherwise hold a shutdown up.
        if (!server.listening) server.closeIdleConnections();
      });
    },
  );
  // Node would cut further fields off silently.
  server.maxHeadersCount = 0;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
    });
    return closed;
  };
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          const { address, port } = server.address() as AddressInfo;
          resolve({ host: address, port });
        });
      }),
    close,
    destroy: () => {
      const done = close();
      server.closeAllConnections();
      return done;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', rawHeaders } = request;
  response.writeHead(200, echoFields({ method, url, rawHeaders }));
  if (method === 'HEAD') {
    request.resume();
    response.end();
    return;
  }
  // Either side may leave in the middle: the other one's connection is gone then, too.
  await pipeline(request, response).catch(() => undefined);
}
