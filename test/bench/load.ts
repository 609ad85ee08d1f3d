import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { MessageEnd } from './message-end.ts';

const OK = /^HTTP\/1\.1 20[02]/;
const STATUS_LINE = 'HTTP/1.1 200'.length;

/** One closed-loop run: each caller sends its next request when the answer to the last one is there. */
export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly callers: number;
  readonly seconds: number;
  /** Bytes of each request's body. */
  readonly bodyBytes: number;
  /** Ends as soon as so many were answered; absent: when the time is over. */
  readonly requests?: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  readonly answered: number;
}

/**
 * A caller that costs little, so that on a small machine the measured program gets the processor:
 * a socket that writes a ready-made request and looks for nothing but the end of each answer.
 */
class LoadCaller {
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
    if (this.#atStart) this.#ok = OK.test(chunk.toString('latin1', 0, STATUS_LINE));
    this.#atStart = this.#end.push(chunk);
    if (!this.#atStart) return;
    this.#onAnswer(performance.now() - this.#began, this.#ok);
    this.#send();
  }
}

/**
 * Runs the load. Unless so many requests are asked for, answers of the first fifth of the time warm
 * up and do not count.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const head = `POST ${options.path} HTTP/1.1\r\nHost: ${options.host}:${options.port}\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: ${options.bodyBytes}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), Buffer.alloc(options.bodyBytes, 'x')]);
  const began = performance.now();
  const warm = options.requests === undefined ? began + options.seconds * 200 : began;
  const times: number[] = [];
  let errors = 0;
  let answered = 0;
  let enough: () => void = () => undefined;
  const callers = Array.from(
    { length: options.callers },
    () =>
      new LoadCaller(options, request, (ms, ok) => {
        if (!ok) errors += 1;
        else answered += 1;
        if (ok && performance.now() > warm) times.push(ms);
        if (answered === options.requests) enough();
      }),
  );
  await new Promise<void>((resolve) => {
    enough = resolve;
    setTimeout(resolve, options.seconds * 1000).unref();
  });
  const seconds = (performance.now() - warm) / 1000;
  for (const caller of callers) caller.stop();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return {
    requestsPerSecond: times.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    errors,
    answered,
  };
}
