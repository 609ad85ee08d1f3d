import type { IncomingMessage } from 'node:http';
import { sayContinue } from '../http/index.ts';
import {
  decodeEnd,
  decodeFailure,
  decodeResponse,
  decodeResponseHead,
  encodeResult,
  MalformedError,
  OUTCOME,
  type Outcome,
  type Problem,
  RECORD,
  RecordDecoder,
  WIRE_LIMITS,
} from '../protocol/index.ts';
import type { Exchange } from '../routing/index.ts';
import type { Session } from './session.ts';

/** A buffer that a decoder of ours made is a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What an agent may be told of its replies: the records of the answer. */
export type ReplyResult =
  | { readonly kind: 'read'; readonly results: string }
  | { readonly kind: 'malformed'; readonly detail: string }
  /** The agent's connection broke; there is nobody to answer. */
  | { readonly kind: 'broken' };

/**
 * Reads one body of replies and hands them to their callers as they arrive: whole responses one
 * after another, or one response in pieces, at the caller's pace.
 */
export class ReplyReader {
  readonly #session: Session;
  readonly #request: IncomingMessage;
  readonly #decoder: RecordDecoder;
  readonly #results: string[] = [];
  /** The response that is arriving in pieces. Undefined when the caller did not want it. */
  #stream: { readonly id: string; readonly exchange: Exchange | undefined } | undefined;
  #waiting = false;

  constructor(session: Session, request: IncomingMessage) {
    this.#session = session;
    this.#request = request;
    this.#decoder = new RecordDecoder({
      allocate: (size) => Buffer.allocUnsafe(size),
      onRecord: (type, payload) => this.#onRecord(type, asBuffer(payload)),
      onData: (piece) => this.#onData(asBuffer(piece)),
    });
  }

  read(done: (result: ReplyResult) => void): void {
    let over = false;
    const finish = (result: ReplyResult): void => {
      if (over) return;
      over = true;
      if (result.kind !== 'read') this.#breakOff();
      done(result);
    };
    const guarded = (step: () => void): void => {
      if (over) return;
      try {
        step();
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        finish({ kind: 'malformed', detail: error.message });
      }
    };
    sayContinue(this.#request);
    this.#request.on('data', (chunk: Buffer) => guarded(() => this.#decoder.push(chunk)));
    this.#request.on('end', () =>
      guarded(() => {
        this.#decoder.finish();
        if (this.#stream !== undefined) throw new MalformedError('a response has no END');
        finish({ kind: 'read', results: this.#results.join('') });
      }),
    );
    this.#request.on('error', () => finish({ kind: 'broken' }));
    this.#request.on('close', () => finish({ kind: 'broken' }));
  }

  #onRecord(type: number, payload: Buffer): void {
    if (this.#stream !== undefined) return this.#onStreamRecord(type, payload);
    switch (type) {
      case RECORD.response: {
        const { head, body } = decodeResponse(payload);
        const taken = this.#session.find(head.id)?.respond(head, asBuffer(body)) ?? false;
        return this.#result(head.id, taken);
      }
      case RECORD.responseStart: {
        const head = decodeResponseHead(payload);
        const exchange = this.#session.find(head.id);
        const taken = exchange?.start(head) === true;
        this.#stream = { id: head.id, exchange: taken ? exchange : undefined };
        // What a caller who left would not read any more is dropped at full speed.
        if (taken) exchange.onEnd(() => this.#goOn());
        return;
      }
      case RECORD.information: {
        const head = decodeResponseHead(payload);
        this.#session.find(head.id)?.inform(head);
        return;
      }
      case RECORD.failure: {
        const failure = decodeFailure(payload);
        const taken = this.#session.failByAgent(failure.id, failure);
        return this.#result(failure.id, taken);
      }
      default:
        throw new MalformedError(`record type ${type} does not belong in a reply`);
    }
  }

  #onStreamRecord(type: number, payload: Buffer): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (type === RECORD.end) {
      const trailers = decodeEnd(payload);
      this.#stream = undefined;
      return this.#result(stream.id, stream.exchange?.finishAnswer(trailers) ?? false);
    }
    if (type !== RECORD.abort) {
      throw new MalformedError(`record type ${type} does not belong in a response's body`);
    }
    this.#stream = undefined;
    const problem: Problem = { code: 'target_broke_off', detail: 'The target broke off.' };
    this.#result(stream.id, this.#session.failByAgent(stream.id, problem));
  }

  #onData(piece: Buffer): void {
    if (this.#stream === undefined) throw new MalformedError('DATA outside a response');
    const { exchange } = this.#stream;
    if (exchange === undefined || exchange.ended || exchange.write(piece) || this.#waiting) return;
    this.#waiting = true;
    this.#request.pause();
    exchange.onDrain(() => this.#goOn());
  }

  #goOn(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#request.resume();
  }

  #result(id: string, taken: boolean): void {
    const outcome: Outcome = taken ? OUTCOME.delivered : OUTCOME.gone;
    if (this.#results.length >= WIRE_LIMITS.replies) throw new MalformedError('too many replies');
    this.#results.push(encodeResult(id, outcome));
  }

  #breakOff(): void {
    this.#stream?.exchange?.fail({
      code: 'agent_lost',
      detail: 'The agent broke off in the middle of its answer.',
    });
    this.#stream = undefined;
  }
}
