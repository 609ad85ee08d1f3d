import {
  type CancelReason,
  type Deadline,
  type Deadlines,
  encodeFailure,
  encodeInformation,
  encodeResponse,
  type ExchangeHead,
  FAILURE,
  type FailureCode,
  fieldValue,
  forwardableFields,
  forwardableTrailers,
  type Identified,
  type ResponseHead,
  WIRE_LIMITS,
} from 'caronte-proxy/protocol';
import { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { targetPause } from './backoff.ts';
import type { Clock } from './clock.ts';
import { errorCode } from './error-code.ts';
import type { ExchangeEvent, ExchangeOutcome, PassedBytes } from './events.ts';
import { type Outbox, readResults, type Sent } from './outbox.ts';
import type { ProxyClient } from './proxy-client.ts';
import { ReplyStream } from './reply-stream.ts';
import { BODY_ABORTED, fetchBody } from './request-body.ts';
import type { Target } from './target.ts';
import type { TargetBody } from './target-body.ts';
import { isCompleteWithoutBody, targetFailure } from './target-error.ts';
import { Upgraded } from './upgraded.ts';

export interface DeliveryContext {
  readonly clock: Clock;
  readonly target: Target;
  readonly client: ProxyClient;
  readonly outbox: Outbox;
  readonly sendReply: boolean;
  readonly maxAttempts: number;
  /** Changes the fields of a response on their way to the caller; undefined where none is changed. */
  readonly rewrite: ((head: ExchangeHead, fields: string[]) => string[]) | undefined;
  /** Without replies nobody waits for the rest of a response that pauses for longer, in milliseconds. */
  readonly keptIdleMs: number;
  /** Tells a delivery that its response took too long to travel whole. */
  readonly gathering: Deadlines<Delivery>;
  readonly emit: (event: ExchangeEvent) => void;
  /** Whether one more connection may be upgraded. */
  readonly mayUpgrade: () => boolean;
  /** The target has upgraded its connection, which may stay open for days. */
  readonly onUpgraded: () => void;
  /** The delivery is over, and holds nothing any more. */
  readonly onDone: (delivery: Delivery) => void;
}

/**
 * One exchange on its way through the agent: the attempts at the target, then the reply. A response
 * that is complete within a few milliseconds travels whole, in a batch with others; anything else is
 * streamed on a request of its own.
 */
export class Delivery implements Dispatcher.DispatchHandler, Identified<Delivery> {
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
  #gather: Deadline<Delivery> | undefined;
  #response: ResponseHead | undefined;
  #chunks: Buffer[] = [];
  #held = 0;
  #stream: ReplyStream | undefined;
  #upgraded: Upgraded | undefined;
  /** What a reply that gets through will have meant. */
  #outcome: ExchangeOutcome = { kind: 'replied' };
  /** When the target was heard last; kept only for a response that nobody waits for. */
  #heardAt = 0;
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
    // Who asks for a WebSocket wants the target, and could do nothing with a 202.
    const isUpgrade = head.body.kind === 'upgrade';
    this.#sendReply = isUpgrade || (context.sendReply && head.copy !== true);
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
    let trailers: readonly string[] = [];
    const pieces = fetchBody(
      () => client.openBody(id),
      (bytes) => emit({ type: 'request-data', id, bytes }),
      (those) => {
        this.#bodyComplete = true;
        trailers = those;
      },
    );
    return {
      pieces: Readable.from(pieces, { objectMode: false }),
      trailers: () => trailers,
    };
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
    const raw = latin1Fields(controller.rawHeaders);
    const { id } = this.head;
    const { clock, emit, outbox, rewrite } = this.#context;
    const fields = forwardableFields(raw, () => false);
    const head = {
      id,
      status,
      reason: reasonBytes(reason),
      fields: rewrite === undefined ? fields : rewrite(this.head, fields),
    };
    if (status < 200) {
      if (this.#sendReply && status === 103) outbox.add(id, encodeInformation(head), []);
      return;
    }
    emit({ type: 'response', id, at: clock.wall(), status, reason: head.reason, fields: raw });
    this.#response = head;
    if (this.#sendReply) {
      this.#gather = this.#context.gathering.add(this);
    } else {
      this.#heardAt = clock.monotonic();
      this.#watchKept(status);
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
    const { id } = this.head;
    const { clock, emit, client, target, onUpgraded } = this.#context;
    const protocol = fieldValue(raw, 'upgrade')?.trim().toLowerCase();
    // undici says Duplex; what it connects is a socket.
    if (protocol !== 'websocket' || !(socket instanceof Socket)) {
      socket.destroy();
      return this.#fail(FAILURE.refused, `${target.url}: switched to something else`);
    }
    const reason = 'Switching Protocols';
    emit({ type: 'response', id, at: clock.wall(), status, reason, fields: raw });
    this.#upgraded = new Upgraded({
      socket,
      head: { id, status, reason, fields: forwardableFields(raw, () => false) },
      clock,
      client,
      target: target.url,
      onOver: (outcome) => this.#finish(outcome),
    });
    onUpgraded();
    this.#upgraded.begin();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#context.emit({ type: 'response-data', id: this.id, bytes: chunk });
    if (!this.#sendReply) {
      this.#heardAt = this.#context.clock.monotonic();
      return;
    }
    if (this.#stream !== undefined) {
      if (!this.#stream.write(chunk)) controller.pause();
      return;
    }
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held > WIRE_LIMITS.inlineBody) this.becomeStream();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#answered = true;
    const head = this.#response;
    if (this.#over || head === undefined) return;
    this.#endGather();
    const { clock, emit, outbox } = this.#context;
    const trailers = forwardableTrailers(latin1Fields(controller.rawTrailers));
    emit({ type: 'response-end', id: head.id, at: clock.wall(), trailers });
    if (!this.#sendReply) return this.#keep(head.status);
    if (this.#stream === undefined && trailers.length > 0) this.becomeStream();
    if (this.#stream !== undefined) return this.#stream.end(trailers);
    const text = encodeResponse(head, this.#held);
    outbox.add(head.id, text, this.#chunks, (sent) => this.#sent(sent));
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    const status = this.#response?.status;
    if (status !== undefined && isCompleteWithoutBody(error, status)) {
      return this.onResponseEnd(controller);
    }
    // A notice that says so is on its way. A copy's body also breaks off if its agent falls behind.
    if (errorCode(error) === BODY_ABORTED && this.head.copy !== true) {
      return this.#finish({ kind: 'cancelled', reason: 'caller_gone' });
    }
    const failure = targetFailure(error);
    const { clock, emit, maxAttempts, target } = this.#context;
    // The same errors happen on connections that carried the request already.
    if (failure.unsent && !this.#begun && this.#attempt < maxAttempts) {
      const pauseMs = targetPause(this.#attempt);
      const attempt = this.#attempt;
      const detail = failure.cause;
      emit({
        type: 'attempt-failed',
        id: this.id,
        at: clock.wall(),
        attempt,
        detail,
        pauseMs,
      });
      this.#cancelPause = clock.after(pauseMs, () => this.#try());
      return;
    }
    const tries = this.#attempt > 1 ? ` after ${this.#attempt} attempts` : '';
    this.#fail(failure.code, `${target.url}: ${failure.cause}${tries}`);
  }

  #fail(code: FailureCode, detail: string): void {
    this.#endGather();
    this.#outcome = { kind: 'failed', code, detail };
    const { id } = this.head;
    // Without a reply the exchange is over for the proxy as soon as the agent has everything.
    if (!this.#sendReply && this.#bodyComplete) return this.#finish(this.#outcome);
    if (this.#stream !== undefined) return this.#stream.abort(detail);
    const text = encodeFailure({ id, code, detail });
    this.#context.outbox.add(id, text, [], () => this.#finish(this.#outcome));
  }

  /** An endless response must not take a place for ever. */
  #watchKept(status: number): void {
    const { clock, keptIdleMs } = this.#context;
    const left = this.#heardAt + keptIdleMs - clock.monotonic();
    if (left <= 0) return this.#keep(status);
    this.#cancelPause = clock.after(left, () => this.#watchKept(status));
  }

  #keep(status: number): void {
    if (!this.#bodyComplete) {
      // The caller waits for its 202, which would be a lie: not all of the request has arrived.
      const detail = `The target answered ${status} before it had read the whole request.`;
      const failure = { id: this.id, code: FAILURE.refused, detail };
      this.#context.outbox.add(this.id, encodeFailure(failure), []);
    }
    this.#finish({ kind: this.head.copy === true ? 'copied' : 'kept' });
  }

  /** The response takes too long, or is too large, to travel whole. */
  becomeStream(): void {
    const head = this.#response;
    if (this.#stream !== undefined || head === undefined || this.#over) return;
    this.#endGather();
    const stream = new ReplyStream(head, this.#context.clock, () => this.#controller?.resume());
    this.#stream = stream;
    let room = true;
    for (const chunk of this.#chunks) room = stream.write(chunk);
    this.#chunks = [];
    if (!room) this.#controller?.pause();
    void this.#sendStream(stream);
  }

  #endGather(): void {
    if (this.#gather !== undefined) this.#context.gathering.remove(this.#gather);
  }

  async #sendStream(stream: ReplyStream): Promise<void> {
    try {
      const delivered = readResults(await this.#context.client.streamReply(stream.body));
      this.#sent(delivered.has(this.id) ? DELIVERED : CALLER_GONE);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (!this.#over) this.#giveUp(detail);
      this.#sent({ kind: 'gone', detail });
    }
  }

  /** The proxy may not have seen even the beginning: its caller must not wait for the rest. */
  #giveUp(detail: string): void {
    const failure = { id: this.id, code: FAILURE.refused, detail: `The reply was lost: ${detail}` };
    this.#context.outbox.add(this.id, encodeFailure(failure), []);
  }

  #sent(sent: Sent): void {
    this.#finish(
      sent.kind === 'delivered' ? this.#outcome : { kind: 'undelivered', detail: sent.detail },
    );
  }

  #finish(outcome: ExchangeOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelPause?.();
    this.#endGather();
    if (!this.#answered) this.#controller?.abort(NO_USE);
    this.#stream?.destroy();
    const { clock, emit, onDone } = this.#context;
    const passed = this.#endUpgraded(outcome);
    emit({ type: 'ended', id: this.id, at: clock.wall(), outcome, ...passed });
    onDone(this);
  }

  #endUpgraded(outcome: ExchangeOutcome): { passed?: PassedBytes } {
    const upgraded = this.#upgraded;
    if (upgraded === undefined) return {};
    // Bytes that were handed on may still be on their way to a target that got its end properly.
    if (outcome.kind !== 'replied') upgraded.destroy();
    return { passed: { toTarget: upgraded.toTarget, toCaller: upgraded.toCaller } };
  }
}

const NO_USE = new Error('there is no use for an answer any more');
const DELIVERED: Sent = { kind: 'delivered' };
const CALLER_GONE: Sent = { kind: 'gone', detail: 'the caller is gone' };

/** undici gives raw fields as an array of byte arrays; each is Latin-1. */
function latin1Fields(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((item: unknown) =>
    Buffer.isBuffer(item) ? item.toString('latin1') : String(item),
  );
}

/** A reason phrase is one line. undici reads it as UTF-8; on the wire it is bytes. */
function reasonBytes(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[\r\n\0]/g, ' ');
}
