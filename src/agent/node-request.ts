import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Dispatcher } from 'undici';
import type { TargetBody } from './target-body.ts';
import type { ConnectTarget } from './target-pool.ts';

/** A request that undici cannot make: one with trailers, or one for `*`. */
export interface NodeRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn; with Host and with the framing of the body. */
  readonly fields: readonly string[];
  readonly body: TargetBody;
}

/** Where such requests go. */
export interface NodeTarget {
  readonly connect: ConnectTarget;
  /** Largest head of a response, in bytes. */
  readonly maxHead: number;
  /** How long the target may take to begin its answer. */
  readonly answerMs: number;
}

/**
 * Makes one request through `node:http`, on a connection of its own, behind the interface that a
 * dispatcher of undici's has: `handler` hears how it goes, with the same errors.
 */
export function dispatchByNode(
  target: NodeTarget,
  request: NodeRequest,
  handler: Dispatcher.DispatchHandler,
): void {
  new Attempt(target, request, handler).start();
}

/** Throws if Node does not take the method, the path or a field. */
function open(target: NodeTarget, request: NodeRequest): ClientRequest {
  const outgoing = httpRequest({
    createConnection: (_options, onConnected) => {
      target.connect((error, socket) => {
        if (error === null) onConnected(null, socket);
        else outgoing.emit('error', error);
      });
      return undefined;
    },
    method: request.method,
    path: request.path,
    headers: request.fields,
    maxHeaderSize: target.maxHead,
  });
  return outgoing;
}

class Attempt implements Dispatcher.DispatchController {
  #outgoing: ClientRequest | undefined;
  readonly #target: NodeTarget;
  readonly #request: NodeRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  #incoming: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] = [];
  rawTrailers: string[] = [];

  constructor(target: NodeTarget, request: NodeRequest, handler: Dispatcher.DispatchHandler) {
    this.#target = target;
    this.#request = request;
    this.#handler = handler;
  }

  start(): void {
    let outgoing: ClientRequest;
    try {
      outgoing = open(this.#target, this.#request);
    } catch (error) {
      return this.#fail(new RefusedError(error));
    }
    this.#outgoing = outgoing;
    outgoing.on('error', (error) => this.#fail(error));
    outgoing.on('information', (head) => {
      this.rawHeaders = head.rawHeaders;
      this.#timer?.refresh();
      const reason = decodedAsUtf8(head.statusMessage);
      this.#handler.onResponseStart?.(this, head.statusCode, {}, reason);
    });
    outgoing.on('response', (incoming) => this.#onResponse(incoming));
    // Without a listener Node drops the connection, and nobody hears of it.
    outgoing.on('upgrade', (_head, socket) => {
      socket.destroy();
      this.#fail(new Error('switched protocols, which nobody asked for'));
    });
    outgoing.on('socket', () => this.#onConnected(outgoing));
  }

  abort(reason: Error): void {
    if (this.#over) return;
    this.aborted = true;
    this.reason = reason;
    this.#fail(reason);
  }

  pause(): void {
    this.paused = true;
    this.#incoming?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#incoming?.resume();
  }

  #onConnected(outgoing: ClientRequest): void {
    if (this.#over) return;
    this.#awaitAnswer(outgoing);
    this.#handler.onRequestStart?.(this, {});
    const { body } = this.#request;
    if (this.#over) return;
    if (body === null || Buffer.isBuffer(body)) {
      outgoing.end(body ?? undefined);
      return;
    }
    const { pieces } = body;
    pieces.on('error', (error) => this.#fail(error));
    pieces.on('end', () => {
      if (this.#over) return;
      try {
        outgoing.addTrailers(pairs(body.trailers()));
        outgoing.end();
        if (this.#incoming === undefined) this.#awaitAnswer(outgoing);
      } catch (error) {
        this.#fail(new RefusedError(error));
      }
    });
    pieces.pipe(outgoing, { end: false });
  }

  /** As undici counts: while the body comes and goes, there is nothing to be late with. */
  #awaitAnswer(outgoing: ClientRequest): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!outgoing.writableEnded && !outgoing.writableNeedDrain) this.#awaitAnswer(outgoing);
      else this.#fail(new LateError('UND_ERR_HEADERS_TIMEOUT'));
    }, this.#target.answerMs);
  }

  #onResponse(incoming: IncomingMessage): void {
    clearTimeout(this.#timer);
    this.#incoming = incoming;
    this.rawHeaders = incoming.rawHeaders;
    incoming.on('error', (error) => this.#fail(error));
    incoming.on('data', (chunk: Buffer) => {
      if (!this.#over) this.#handler.onResponseData?.(this, chunk);
    });
    incoming.on('end', () => {
      if (this.#over) return;
      this.#over = true;
      this.rawTrailers = incoming.rawTrailers;
      this.#handler.onResponseEnd?.(this, {});
      // A target may answer before it has read everything.
      if (this.#outgoing?.writableFinished !== true) this.#dropRequest();
    });
    const reason = decodedAsUtf8(incoming.statusMessage ?? '');
    this.#handler.onResponseStart?.(this, incoming.statusCode ?? 0, {}, reason);
    if (this.paused) incoming.pause();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#dropRequest();
    this.#handler.onResponseError?.(this, error);
  }

  #dropRequest(): void {
    this.#outgoing?.destroy();
    const { body } = this.#request;
    if (body !== null && !Buffer.isBuffer(body)) body.pieces.destroy();
  }
}

/** Has the code that undici gives to the same. */
class LateError extends Error {
  readonly code: string;

  constructor(code: string) {
    super('no answer in time');
    this.name = 'LateError';
    this.code = code;
  }
}

/** Node does not take what it was given; undici's code for that is this. */
class RefusedError extends Error {
  readonly code = 'UND_ERR_INVALID_ARG';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'RefusedError';
  }
}

/** undici reads a reason phrase as UTF-8, and its handlers expect that; Node reads Latin-1. */
function decodedAsUtf8(reason: string): string {
  return Buffer.from(reason, 'latin1').toString('utf8');
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let at = 0; at < flat.length; at += 2) list.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return list;
}
