import {
  createServer,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** How one request through an intermediary ended. */
export interface Passed {
  readonly path: string;
  readonly outcome: 'answered' | 'cut' | 'timed out';
  readonly status: number;
}

export interface IntermediaryOptions {
  /** The server behind it. */
  readonly port: number;
  /** A request that has no answer for so long is given up, in milliseconds. */
  readonly idleMs: number;
  /** How it gives up: breaks the connection off, or answers 504 with a page. */
  readonly gives: 'reset' | 504;
}

/**
 * A reverse proxy that reads each request and each answer whole before it passes it on, and does not
 * wait long for an answer.
 */
export class Intermediary {
  readonly passed: Passed[] = [];
  readonly #options: IntermediaryOptions;
  readonly #server: Server;

  private constructor(options: IntermediaryOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => response.destroy());
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#pass(request, Buffer.concat(chunks), response));
    });
  }

  static async listen(options: IntermediaryOptions): Promise<Intermediary> {
    const intermediary = new Intermediary(options);
    await new Promise<void>((resolve) => intermediary.#server.listen(0, '127.0.0.1', resolve));
    return intermediary;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #pass(
    { url = '', method, headers }: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): void {
    const { port, idleMs, gives } = this.#options;
    const onward = send({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        clearTimeout(idle);
        const status = answer.statusCode ?? 0;
        this.passed.push({ path: url, outcome: 'answered', status });
        response.writeHead(status, answer.headers).end(Buffer.concat(chunks));
      });
    });
    const idle = setTimeout(() => {
      onward.destroy();
      const outcome = gives === 504 ? 'timed out' : 'cut';
      this.passed.push({ path: url, outcome, status: 0 });
      if (gives === 504) response.writeHead(504).end('<h1>504 Gateway Time-out</h1>');
      else response.socket?.resetAndDestroy();
    }, idleMs);
    onward.on('error', () => response.destroy());
    response.on('close', () => {
      clearTimeout(idle);
      onward.destroy();
    });
    onward.end(body);
  }
}
