import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { MessageEnd } from './message-end.ts';

const OK = 'HTTP/1.1 200';

/** One closed-loop run: each caller sends its next request when the answer to the last one is there. */
export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly callers: number;
  readonly seconds: number;
  /** Bytes of each request's body. */
  readonly bodyBytes: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

/**
 * A caller that costs little, so that on a small machine the measured program gets the processor:
 * a socket that writes a ready-made request and looks for nothing but the end of each answer.
 */
class Caller {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #onAnswer: (ms: number, ok: boolean) => void;
  readonly #end = new MessageEnd();
  #began = 0;
  #atStart = true;
  #ok = true;
  #stopped = false;

  constructor(options: LoadOptions, request: Buffer, onAnswer: (ms: number, ok: boolean) => void) {
    this.#request = request;
    this.#onAnswer = onAnswer;
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    this.#socket.on('connect', () => this.#send());
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', () => this.#onAnswer(0, false));
  }

  stop(): void {
    this.#stopped = true;
    this.#socket.destroy();
  }

  #send(): void {
    if (this.#stopped) return;
    this.#began = performance.now();
    this.#socket.write(this.#request);
  }

  #read(chunk: Buffer): void {
    if (this.#atStart) this.#ok = chunk.toString('latin1', 0, OK.length) === OK;
    this.#atStart = this.#end.push(chunk);
    if (!this.#atStart) return;
    this.#onAnswer(performance.now() - this.#began, this.#ok);
    this.#send();
  }
}

/** Runs the load. Answers of the first fifth of the time warm up and do not count. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const head = `POST ${options.path} HTTP/1.1\r\nHost: ${options.host}:${options.port}\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: ${options.bodyBytes}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), Buffer.alloc(options.bodyBytes, 'x')]);
  const began = performance.now();
  const warm = began + options.seconds * 200;
  const times: number[] = [];
  let errors = 0;
  const callers = Array.from(
    { length: options.callers },
    () =>
      new Caller(options, request, (ms, ok) => {
        if (!ok) errors += 1;
        else if (performance.now() > warm) times.push(ms);
      }),
  );
  await new Promise((resolve) => {
    setTimeout(resolve, options.seconds * 1000);
  });
  const seconds = (performance.now() - warm) / 1000;
  for (const caller of callers) caller.stop();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { requestsPerSecond: times.length / seconds, p50: at(0.5), p99: at(0.99), errors };
}
