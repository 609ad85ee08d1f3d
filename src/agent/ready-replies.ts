import { VERSION_BYTE, WIRE_LIMITS } from 'caronte-proxy/protocol';
import type { ReplyWaiter } from './reply-results.ts';

/** A reply that can leave. */
export interface ReadyReply {
  readonly id: string;
  /** Its record, in Latin-1, up to the body. */
  readonly text: string;
  readonly body: readonly Buffer[];
  /** Of text and body together, in bytes. */
  readonly size: number;
  readonly waiter: ReplyWaiter | undefined;
  /** It stands for a reply that the proxy refused. */
  readonly isFailure: boolean;
}

/** Replies that wait for the next batch, first in, first out. */
export class ReadyReplies {
  #waiting: ReadyReply[] = [];
  #size = 0;

  get count(): number {
    return this.#waiting.length;
  }

  /** Whether they fill a batch. */
  get isBatchFull(): boolean {
    return this.#size >= WIRE_LIMITS.batch;
  }

  push(reply: ReadyReply): void {
    this.#waiting.push(reply);
    this.#size += reply.size;
  }

  /** Takes what one request may carry; the one that reaches its limit is the last. */
  takeBatch(): ReadyReply[] {
    let count = 0;
    let size = 0;
    const most = Math.min(this.#waiting.length, WIRE_LIMITS.replies);
    while (count < most && (count === 0 || size < WIRE_LIMITS.batch)) {
      size += this.#waiting[count]?.size ?? 0;
      count += 1;
    }
    this.#size -= size;
    return this.#waiting.splice(0, count);
  }

  takeAll(): ReadyReply[] {
    this.#size = 0;
    return this.#waiting.splice(0);
  }
}

/** The body of one request. */
export function batchRecords(replies: readonly ReadyReply[]): Buffer {
  let size = 1;
  for (const reply of replies) size += reply.size;
  const records = Buffer.allocUnsafe(size);
  records[0] = VERSION_BYTE;
  let at = 1;
  for (const { text, body } of replies) {
    at += records.write(text, at, 'latin1');
    for (const piece of body) at += piece.copy(records, at);
  }
  return records;
}
