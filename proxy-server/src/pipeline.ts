import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A request with the response object that Node made for it. */
interface Pair {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Requests that one connection sent without waiting for answers. */
interface Pipeline {
  inHand: number;
  readonly held: Pair[];
  /** Whether the next ones are about to be handled. */
  scheduled: boolean;
  readonly onAnswered: () => void;
}

const PIPELINE = Symbol('pipeline');

type PipedSocket = Socket & { [PIPELINE]?: Pipeline };

/**
 * Bounds how many requests of one connection are in hand at once: who pipelines takes no more places
 * than a few. Node's parser makes requests of everything that it has read, up to 64 KiB at a time;
 * those beyond the bound are held, in order, and nothing more is read until all of them are in hand.
 */
export class Pipelines {
  readonly #most: number;
  readonly #handle: (request: IncomingMessage, response: ServerResponse) => void;

  constructor(most: number, handle: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#most = most;
    this.#handle = handle;
  }

  /** A connection on which HTTP is about to be spoken; may come a second time. */
  add(socket: PipedSocket): void {
    const pipeline: Pipeline = {
      inHand: 0,
      held: [],
      scheduled: false,
      onAnswered: () => this.#onAnswered(socket, pipeline),
    };
    socket[PIPELINE] = pipeline;
    // Whoever reads a body has Node read on, and with it whatever follows.
    socket.on('resume', () => {
      if (pipeline.held.length === 0) return;
      socket.pause();
      // Told late, this may be of a time before the last pause: Node reads on, with no pause to tell of.
      socket.emit('pause');
    });
  }

  /** Has the request handled, now or when its turn comes. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const socket: PipedSocket = request.socket;
    const pipeline = socket[PIPELINE];
    if (pipeline === undefined) return this.#handle(request, response);
    if (pipeline.held.length === 0 && pipeline.inHand < this.#most) {
      return this.#begin(pipeline, { request, response });
    }
    pipeline.held.push({ request, response });
    socket.pause();
  }

  #begin(pipeline: Pipeline, { request, response }: Pair): void {
    pipeline.inHand += 1;
    response.on('close', pipeline.onAnswered);
    this.#handle(request, response);
  }

  #onAnswered(socket: Socket, pipeline: Pipeline): void {
    pipeline.inHand -= 1;
    if (pipeline.held.length === 0 || pipeline.scheduled) return;
    pipeline.scheduled = true;
    // In a turn of its own: thousands that are answered at once would keep all others waiting.
    setImmediate(() => {
      pipeline.scheduled = false;
      this.#next(socket, pipeline);
    });
  }

  #next(socket: Socket, pipeline: Pipeline): void {
    const { held } = pipeline;
    if (socket.destroyed) {
      held.length = 0;
      return;
    }
    while (pipeline.inHand < this.#most) {
      const pair = held.shift();
      if (pair === undefined) break;
      this.#begin(pipeline, pair);
    }
    if (held.length === 0) socket.resume();
  }
}
