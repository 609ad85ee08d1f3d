import {
  type Deadline,
  type Deadlines,
  encodeFailure,
  encodeResponse,
  FAILURE,
  type ResponseHead,
  WIRE_LIMITS,
} from 'caronte-proxy/protocol';
import type { Dispatcher } from 'undici';
import type { Clock } from './clock.ts';
import type { Outbox } from './outbox.ts';
import type { ProxyClient } from './proxy-client.ts';
import { CALLER_GONE, DELIVERED, readResults, type ReplyWaiter } from './reply-results.ts';
import { ReplyStream } from './reply-stream.ts';
import type { ResponseUse } from './response-use.ts';

export interface ReplyContext {
  readonly clock: Clock;
  readonly client: Pick<ProxyClient, 'streamReply'>;
  readonly outbox: Outbox;
  /** Tells a reply that its response takes too long to travel whole. */
  readonly gathering: Deadlines<Reply>;
}

/**
 * A target's response on its way back. One that is complete within a few milliseconds travels
 * whole, in a batch with others; anything else is streamed on a request of its own.
 */
export class Reply implements ResponseUse {
  readonly #head: ResponseHead;
  readonly #controller: Dispatcher.DispatchController;
  readonly #waiter: ReplyWaiter;
  readonly #context: ReplyContext;
  readonly #gather: Deadline<Reply>;
  #chunks: Buffer[] = [];
  #held = 0;
  #stream: ReplyStream | undefined;
  #over = false;

  /** `waiter` hears how the reply fared, also after it has destroyed it. */
  constructor(
    head: ResponseHead,
    controller: Dispatcher.DispatchController,
    waiter: ReplyWaiter,
    context: ReplyContext,
  ) {
    this.#head = head;
    this.#controller = controller;
    this.#waiter = waiter;
    this.#context = context;
    this.#gather = context.gathering.add(this);
  }

  get status(): number {
    return this.#head.status;
  }

  take(piece: Buffer): boolean {
    if (this.#stream !== undefined) return this.#stream.write(piece);
    this.#chunks.push(piece);
    this.#held += piece.length;
    return this.#held <= WIRE_LIMITS.inlineBody || this.#begin();
  }

  end(trailers: readonly string[]): void {
    this.#context.gathering.remove(this.#gather);
    if (this.#stream === undefined && trailers.length > 0) this.#begin();
    if (this.#stream !== undefined) return this.#stream.end(trailers);
    const text = encodeResponse(this.#head, this.#held);
    this.#context.outbox.add(this.#head.id, text, this.#chunks, this.#waiter);
  }

  breakOff(detail: string): boolean {
    this.#context.gathering.remove(this.#gather);
    this.#stream?.abort(detail);
    return this.#stream !== undefined;
  }

  destroy(): void {
    this.#over = true;
    this.#context.gathering.remove(this.#gather);
    this.#stream?.destroy();
  }

  /** The response takes too long to travel whole. */
  becomeStream(): void {
    if (!this.#begin()) this.#controller.pause();
  }

  /** Opens the request that carries the response in pieces. False: the target is to pause. */
  #begin(): boolean {
    this.#context.gathering.remove(this.#gather);
    const stream = new ReplyStream(this.#head, this.#context.clock, () =>
      this.#controller.resume(),
    );
    this.#stream = stream;
    let room = true;
    for (const chunk of this.#chunks) room = stream.write(chunk);
    this.#chunks = [];
    void this.#send(stream);
    return room;
  }

  async #send(stream: ReplyStream): Promise<void> {
    try {
      const delivered = readResults(await this.#context.client.streamReply(stream.body));
      this.#waiter.onSent(delivered.has(this.#head.id) ? DELIVERED : CALLER_GONE);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (!this.#over) this.#giveUp(detail);
      this.#waiter.onSent({ kind: 'gone', detail });
    }
  }

  /** The proxy may not have seen even the beginning: its caller must not wait for the rest. */
  #giveUp(why: string): void {
    const { id } = this.#head;
    const failure = { id, code: FAILURE.refused, detail: `The reply was lost: ${why}` };
    this.#context.outbox.add(id, encodeFailure(failure), []);
  }
}
