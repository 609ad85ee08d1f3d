import {
  type CancelReason,
  encodeFailure,
  encodeInformation,
  type ExchangeHead,
  FAILURE,
  type FailureCode,
  forwardableTrailers,
  type Identified,
  type ResponseHead,
} from 'caronte-proxy/protocol';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { targetPause } from './backoff.ts';
import { errorCode } from './error-code.ts';
import type { ExchangeEvent, ExchangeOutcome } from './events.ts';
import { informationUse } from './information.ts';
import { FAIL_POINT, failPoint } from './fail-point.ts';
import type { ProxyClient } from './proxy-client.ts';
import { Reply, type ReplyContext } from './reply.ts';
import { CALLER_GONE, type ReplyWaiter, type Sent } from './reply-results.ts';
import { BODY_ABORTED, streamedBody } from './request-body.ts';
import { isCoded, isCountable, isTooLarge, latin1Fields, passedHead } from './response-head.ts';
import type { ResponseUse } from './response-use.ts';
import type { Target } from './target.ts';
import type { TargetBody } from './target-body.ts';
import {
  failureLine,
  headTooLarge,
  isCompleteWithoutBody,
  ResponseRefusedError,
  targetFailure,
} from './target-error.ts';
import { type UnsentContext, UnsentResponse } from './unsent-response.ts';
import { isWebSocket, Upgraded } from './upgraded.ts';

export interface DeliveryContext extends ReplyContext, UnsentContext {
  readonly target: Target;
  readonly client: ProxyClient;
  readonly sendReply: boolean;
  readonly maxAttempts: number;
  /** Changes the fields of a response on their way to the caller; undefined where none is changed. */
  readonly rewrite: ((head: ExchangeHead, fields: string[]) => string[]) | undefined;
  readonly emit: (event: ExchangeEvent) => void;
  /** Whether one more connection may be upgraded. */
  readonly mayUpgrade: () => boolean;
  /** The target has upgraded its connection, which may stay open for days. */
  readonly onUpgraded: () => void;
  /** The delivery is over, and holds nothing any more. */
  readonly onDone: (delivery: Delivery) => void;
}

/**
 * One exchange on its way through the agent: the attempts at the target, and what follows from its
 * answer. It ends once.
 */
export class Delivery implements Dispatcher.DispatchHandler, Identified<Delivery>, ReplyWaiter {
  readonly id: string;
  readonly head: ExchangeHead;
  nextInTable: Delivery | undefined;
  readonly #inline: Buffer;
  readonly #context: DeliveryContext;
  readonly #sendReply: boolean;
  #attempt = 0;
  /** Whether the present attempt got as far as writing to the target. */
  #begun = false;
  #controller: Dispatcher.DispatchController | undefined;
  #cancelPause: (() => void) | undefined;
  /** Informational responses so far. */
  #informed = 0;
  #response: ResponseUse | undefined;
  #upgraded: Upgraded | undefined;
  /** What a reply that gets through will have meant. */
  #outcome: ExchangeOutcome = REPLIED;
  /** The target's connection has nothing more to do with this exchange. */
  #answered = false;
  #over = false;
  /** Whether the agent has all of the request's body. */
  #bodyComplete: boolean;

  constructor(head: ExchangeHead, inline: Buffer, context: DeliveryContext) {
    this.id = head.id;
    this.head = head;
    this.#inline = inline;
    this.#bodyComplete = head.body.kind !== 'stream';
    this.#context = context;
    this.#sendReply = needsReply(head) || (context.sendReply && head.copy !== true);
  }

  /** Whether the target's connection is upgraded. */
  get upgraded(): boolean {
    return this.#upgraded !== undefined;
  }

  start(): void {
    const { clock, emit } = this.#context;
    emit({ type: 'received', id: this.id, at: clock.wall(), head: this.head });
    if (this.#inline.length > 0) {
      emit({ type: 'request-data', id: this.id, bytes: this.#inline });
    }
    if (this.head.body.kind === 'upgrade' && !this.#context.mayUpgrade()) {
      return this.#fail(FAILURE.refused, 'The agent has as many WebSockets open as it allows.');
    }
    this.#try();
  }

  /** The proxy has no use for an answer any more. */
  cancel(reason: CancelReason): void {
    this.#finish({ kind: 'cancelled', reason });
  }

  #try(): void {
    this.#attempt += 1;
    this.#begun = false;
    const { clock, emit, target } = this.#context;
    emit({ type: 'attempt', id: this.id, at: clock.wall(), attempt: this.#attempt });
    target.send(this.head, this.#body(), this);
  }

  #body(): TargetBody {
    const { id, body } = this.head;
    if (body.kind === 'none' || body.kind === 'upgrade') return null;
    if (body.kind === 'inline') return this.#inline;
    const { client, emit } = this.#context;
    return streamedBody(
      () => client.openBody(id),
      (bytes) => emit({ type: 'request-data', id, bytes }),
      () => (this.#bodyComplete = true),
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#begun = true;
    if (this.#over) controller.abort(NO_USE);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    if (this.#over) return;
    const { id } = this;
    const { clock, emit, rewrite } = this.#context;
    const raw = latin1Fields(controller.rawHeaders);
    const head = passedHead(id, status, reason, raw);
    if (rewrite !== undefined) head.fields = rewrite(this.head, head.fields);
    if (isTooLarge(head)) return controller.abort(headTooLarge());
    if (status < 200) return this.#inform(controller, head);
    if (isCoded(raw)) {
      return controller.abort(new ResponseRefusedError('a transfer coding that nobody asked for'));
    }
    if (!isCountable(raw)) {
      return controller.abort(new ResponseRefusedError('a Content-Length that nobody can count'));
    }
    emit({ type: 'response', id, at: clock.wall(), status, reason: head.reason, fields: raw });
    failPoint(FAIL_POINT.answeredBeforeReply);
    this.#response = this.#sendReply
      ? new Reply(head, controller, this, this.#context)
      : new UnsentResponse(status, this.#context, () => this.#keep(status));
  }

  /** A response that is not the last one (RFC 9110 section 15.2); of these, callers get hints. */
  #inform(controller: Dispatcher.DispatchController, head: ResponseHead): void {
    this.#informed += 1;
    const use = informationUse(this.#informed, head.status);
    if (use === 'refuse') {
      return controller.abort(new ResponseRefusedError('endless informational responses'));
    }
    if (use === 'pass' && this.#sendReply) {
      this.#context.outbox.add(this.id, encodeInformation(head), []);
    }
  }

  /** The target has answered 101: from here on its connection is the exchange's alone. */
  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    socket: Duplex,
  ): void {
    this.#answered = true;
    if (this.#over) return void socket.destroy();
    const raw = latin1Fields(controller.rawHeaders);
    if (!isWebSocket(raw, socket)) {
      socket.destroy();
      return this.#fail(FAILURE.refused, `${this.#context.target.url}: switched to something else`);
    }
    const { clock, emit, client, target, onUpgraded } = this.#context;
    const head = passedHead(this.id, status, 'Switching Protocols', raw);
    const { reason } = head;
    emit({ type: 'response', id: this.id, at: clock.wall(), status, reason, fields: raw });
    const onOver = (outcome: ExchangeOutcome): void => this.#finish(outcome);
    this.#upgraded = new Upgraded({ socket, head, clock, client, target: target.url, onOver });
    onUpgraded();
    this.#upgraded.begin();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#context.emit({ type: 'response-data', id: this.id, bytes: chunk });
    if (this.#response?.take(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#answered = true;
    if (this.#over || this.#response === undefined) return;
    const { clock, emit } = this.#context;
    const trailers = forwardableTrailers(latin1Fields(controller.rawTrailers));
    emit({ type: 'response-end', id: this.id, at: clock.wall(), trailers });
    this.#response.end(trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    const status = this.#response?.status;
    if (status !== undefined && isCompleteWithoutBody(error, status)) {
      return this.onResponseEnd(controller);
    }
    // A notice that says so is on its way. A copy's body also breaks off if its agent falls behind,
    // and a queued one's if the proxy cannot read what it kept.
    if (errorCode(error) === BODY_ABORTED && isLive(this.head)) {
      return this.#finish({ kind: 'cancelled', reason: 'caller_gone' });
    }
    const failure = targetFailure(error);
    // The same errors happen on connections that carried the request already.
    if (failure.unsent && !this.#begun && this.#attempt < this.#context.maxAttempts) {
      return this.#tryAgain(failure.cause);
    }
    this.#fail(failure.code, failureLine(this.#context.target.url, failure, this.#attempt));
  }

  #tryAgain(detail: string): void {
    const { clock, emit } = this.#context;
    const attempt = this.#attempt;
    const pauseMs = targetPause(attempt);
    emit({ type: 'attempt-failed', id: this.id, at: clock.wall(), attempt, detail, pauseMs });
    this.#cancelPause = clock.after(pauseMs, () => this.#try());
  }

  #fail(code: FailureCode, detail: string): void {
    const { id } = this;
    this.#outcome = { kind: 'failed', code, detail };
    // Without a reply the exchange is over for the proxy as soon as the agent has everything.
    if (!this.#sendReply && this.#bodyComplete) return this.#finish(this.#outcome);
    if (this.#response?.breakOff(detail) === true) return;
    const text = encodeFailure({ id, code, detail });
    this.#context.outbox.add(id, text, [], { onSent: () => this.#finish(this.#outcome) });
  }

  /** The target has answered; nobody is told what. */
  #keep(status: number): void {
    if (!this.#bodyComplete) {
      // The caller waits for its 202, which would be a lie: not all of the request has arrived.
      const detail = `The target answered ${status} before it had read the whole request.`;
      const failure = { id: this.id, code: FAILURE.refused, detail };
      this.#context.outbox.add(this.id, encodeFailure(failure), []);
    }
    this.#finish({ kind: this.head.copy === true ? 'copied' : 'kept' });
  }

  onSent(sent: Sent): void {
    if (sent.kind === 'delivered') return this.#finish(this.#outcome);
    // Of a queued request the caller left long ago.
    const isMistaken = sent === CALLER_GONE && this.head.queued !== undefined;
    const detail = isMistaken ? 'the proxy had given this delivery up' : sent.detail;
    this.#finish({ kind: 'undelivered', detail });
  }

  #finish(outcome: ExchangeOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelPause?.();
    if (!this.#answered) this.#controller?.abort(NO_USE);
    this.#response?.destroy();
    const { clock, emit, onDone } = this.#context;
    const passed = this.#upgraded?.end(outcome);
    const at = clock.wall();
    emit({ type: 'ended', id: this.id, at, outcome, ...(passed !== undefined && { passed }) });
    onDone(this);
  }
}

/** Whether a caller waits for this agent's answer. */
function isLive({ copy, queued }: ExchangeHead): boolean {
  return copy !== true && queued === undefined;
}

/**
 * Whether a reply is sent even by a tunnel without replies. Who asks for a WebSocket wants the target,
 * and could do nothing with a 202; of a queued request the reply says whether it is done.
 */
function needsReply({ body, copy, queued }: ExchangeHead): boolean {
  return body.kind === 'upgrade' || (queued !== undefined && copy !== true);
}

const REPLIED: ExchangeOutcome = { kind: 'replied' };
const NO_USE = new Error('there is no use for an answer any more');
