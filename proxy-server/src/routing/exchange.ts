import {
  CANCEL_REASON,
  type CancelReason,
  type Problem,
  type ProblemCode,
  type ResponseHead,
} from '../protocol/index.ts';
import type { RequestBody } from './body.ts';
import type { Caller } from './caller.ts';

/** The caller's request up to its body. */
export interface RequestHead {
  readonly method: string;
  /** Path and query below the code, byte for byte, in Latin-1. */
  readonly target: string;
  readonly httpVersion: string;
  /** The caller's network address. */
  readonly caller: string;
  /** Names and values in turn; hop-by-hop fields removed, the proxy's own added. */
  readonly fields: readonly string[];
}

/** How an exchange ended. */
export type ExchangeEnd =
  | { readonly kind: 'answered' }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'failed'; readonly code: ProblemCode }
  | { readonly kind: 'gone'; readonly reason: CancelReason };

export interface ExchangeParts {
  readonly id: string;
  readonly code: string;
  readonly head: RequestHead;
  readonly body: RequestBody;
  readonly caller: Caller;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /**
   * Milliseconds from then on until the caller is told that no answer came; anew from the end of a
   * body in pieces.
   */
  readonly patienceMs: number;
  /** Absent: false. */
  readonly isCopy?: boolean;
  /** Number of the delivery; absent: 1. */
  readonly attempt?: number;
  /** What the queue calls the request, if it comes from there. */
  readonly queued?: string;
}

/**
 * One forwarded request from arrival to end. It ends exactly once, however many parties try: the
 * first of answer, failure and departure counts, and the rest learn that they came too late.
 */
export class Exchange {
  readonly id: string;
  readonly code: string;
  readonly head: RequestHead;
  readonly body: RequestBody;
  readonly receivedAt: number;
  readonly patienceMs: number;
  /** A further agent gets the request as well; nobody waits for its reply. */
  readonly isCopy: boolean;
  /** 1, but for requests that come from the queue again. */
  readonly attempt: number;
  /** What the queue calls the request; undefined if its caller waits. */
  readonly queued: string | undefined;
  /** An agent has said that it has the exchange: it may have called the target. */
  acknowledged = false;
  readonly #caller: Caller;
  #phase: 'open' | 'answering' | 'ended' = 'open';
  /** The answer was 101: from then on both directions are streams, each with an end of its own. */
  #upgraded = false;
  /** The target's direction of an upgraded exchange has ended. */
  #targetEnded = false;
  #end: ExchangeEnd | undefined;
  #listeners: ((end: ExchangeEnd) => void)[] = [];

  constructor(parts: ExchangeParts) {
    this.id = parts.id;
    this.code = parts.code;
    this.head = parts.head;
    this.body = parts.body;
    this.#caller = parts.caller;
    this.receivedAt = parts.receivedAt;
    this.patienceMs = parts.patienceMs;
    this.isCopy = parts.isCopy === true;
    this.attempt = parts.attempt ?? 1;
    this.queued = parts.queued;
  }

  /** Whether nothing of an answer has been sent yet. */
  get open(): boolean {
    return this.#phase === 'open';
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** Calls back when the exchange ends; at once if it has. */
  onEnd(listener: (end: ExchangeEnd) => void): void {
    if (this.#end === undefined) this.#listeners.push(listener);
    else listener(this.#end);
  }

  inform(head: ResponseHead): void {
    if (this.#phase === 'open') this.#caller.inform(head);
  }

  /** Answers whole. False: it came too late. */
  respond(head: ResponseHead, body: Buffer): boolean {
    if (this.#phase !== 'open') return false;
    if (!this.#caller.respond(head, body)) return this.#misbehaved();
    this.#finish({ kind: 'answered' });
    return true;
  }

  /** Begins an answer in pieces. False: it came too late. */
  start(head: ResponseHead): boolean {
    if (this.#phase !== 'open') return false;
    if (!this.#caller.start(head)) return this.#misbehaved();
    this.#phase = 'answering';
    this.#upgraded = head.status === 101;
    return true;
  }

  /** False: wait for {@link onDrain}. */
  write(piece: Buffer): boolean {
    return this.#phase !== 'answering' || this.#caller.write(piece);
  }

  onDrain(callback: () => void): void {
    this.#caller.onDrain(callback);
  }

  /** Completes an answer in pieces. False: it came too late, or the body had the wrong length. */
  finishAnswer(trailers: readonly string[]): boolean {
    if (this.#phase !== 'answering' || this.#targetEnded) return false;
    if (!this.#caller.end(trailers)) {
      this.#caller.breakOff();
      this.#finish({ kind: 'failed', code: 'agent_misbehaved' });
      return false;
    }
    if (this.#upgraded && !this.body.finished) this.#targetEnded = true;
    else this.#finish({ kind: 'answered' });
    return true;
  }

  /** The caller's direction of an upgraded exchange has ended: half of its end. */
  callerEnded(): void {
    if (this.#phase === 'answering' && this.#targetEnded) this.#finish({ kind: 'answered' });
  }

  /** Answers 202 in the name of the proxy. False: it came too late. */
  accept(): boolean {
    if (this.#phase !== 'open') return false;
    this.#caller.accept(this.id);
    this.#finish({ kind: 'accepted' });
    return true;
  }

  /** Fails: a problem document if nothing was sent yet, else a broken connection. */
  fail(problem: Problem): boolean {
    if (this.#phase === 'ended') return false;
    if (this.#phase === 'open') this.#caller.fail(problem);
    else this.#caller.breakOff();
    this.#finish({ kind: 'failed', code: problem.code });
    return true;
  }

  /** The caller's connection is gone. */
  left(): void {
    if (this.#phase !== 'ended') this.#finish({ kind: 'gone', reason: CANCEL_REASON.callerGone });
  }

  #misbehaved(): boolean {
    this.fail({
      code: 'agent_misbehaved',
      detail: 'The agent sent a response head that is not valid HTTP.',
    });
    return false;
  }

  #finish(end: ExchangeEnd): void {
    this.#phase = 'ended';
    this.#end = end;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(end);
  }
}
