import { encodeFailure, FAILURE } from 'caronte-proxy/protocol';
import type { Clock } from './clock.ts';
import { ProxyAnswerError } from './proxy-error.ts';
import { batchRecords, ReadyReplies, type ReadyReply } from './ready-replies.ts';
import {
  CALLER_GONE,
  DELIVERED,
  readResults,
  type ReplyWaiter,
  type Sent,
} from './reply-results.ts';

/** While enough batches are on their way, further replies wait for this long to travel together. */
const GATHER_MS = 4;

/** One batch is read at the proxy while the next one fills: with fewer, each side waits in turn. */
const UNDER_WAY = 2;

/** So many replies are worth a batch of their own at once, while few enough are under way. */
const BATCH = 16;
const MOST_UNDER_WAY = 8;

/** Pauses before a batch that did not get through is sent again; the proxy takes each reply once. */
const RETRY_PAUSES_MS = [100, 500, 2_000, 5_000];

const BATCH_TIMEOUT_MS = 15_000;

export interface OutboxOptions {
  readonly clock: Clock;
  /** Sends a body of records. Resolves with the records of the answer. */
  readonly send: (records: Buffer, timeoutMs: number) => Promise<Buffer>;
}

/**
 * Small finished replies on their way back. Those that are ready in the same turn of the event loop
 * travel together; on a fast link, so do those that become ready while two batches are under way.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #ready = new ReadyReplies();
  #underWay = 0;
  #scheduled = false;
  #cancelGather: (() => void) | undefined;
  readonly #pauses = new Set<() => void>();
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Adds a record: `text` in Latin-1, then the bytes of its body. */
  add(id: string, text: string, body: readonly Buffer[], waiter?: ReplyWaiter): void {
    let size = text.length;
    for (const piece of body) size += piece.length;
    this.#push({ id, text, body, size, waiter, isFailure: false });
  }

  /** Drops what has not been sent. */
  destroy(): void {
    this.#closed = true;
    this.#cancelGather?.();
    for (const end of this.#pauses) end();
    for (const { waiter } of this.#ready.takeAll()) waiter?.onSent(STOPPED);
  }

  #push(reply: ReadyReply): void {
    this.#ready.push(reply);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#ready.count >= BATCH && this.#underWay < MOST_UNDER_WAY) return this.#flush();
    if (this.#scheduled || this.#closed || this.#ready.count === 0) return;
    if (this.#underWay < UNDER_WAY || this.#ready.isBatchFull) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      });
      return;
    }
    this.#cancelGather ??= this.#options.clock.after(GATHER_MS, () => {
      this.#cancelGather = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    this.#cancelGather?.();
    this.#cancelGather = undefined;
    if (this.#ready.count === 0 || this.#closed) return;
    const batch = this.#ready.takeBatch();
    this.#underWay += 1;
    void this.#deliver(batch, batchRecords(batch)).finally(() => {
      this.#underWay -= 1;
      this.#schedule();
    });
    this.#schedule();
  }

  async #deliver(batch: readonly ReadyReply[], records: Buffer): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        settle(batch, await this.#options.send(records, BATCH_TIMEOUT_MS));
        return;
      } catch (error) {
        const pause = RETRY_PAUSES_MS[attempt];
        // An answer of the proxy's is final; a broken connection is not.
        if (pause === undefined || this.#closed || error instanceof ProxyAnswerError) {
          return this.#giveUp(batch, error);
        }
        await this.#pause(pause);
      }
    }
  }

  #giveUp(batch: readonly ReadyReply[], error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    for (const { waiter } of batch) waiter?.onSent({ kind: 'gone', detail });
    if (error instanceof ProxyAnswerError && error.problem === 'malformed') {
      this.#refuse(batch, detail);
    }
  }

  /** Ends early when the outbox is destroyed. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, () => {
        this.#pauses.delete(end);
        resolve();
      });
      const end = (): void => {
        cancel();
        resolve();
      };
      this.#pauses.add(end);
    });
  }

  /** A reply that the proxy cannot read must not leave its caller waiting. */
  #refuse(batch: readonly ReadyReply[], detail: string): void {
    for (const { id, isFailure } of batch) {
      if (isFailure) continue;
      const text = encodeFailure({ id, code: FAILURE.refused, detail });
      this.#push({ id, text, body: [], size: text.length, waiter: undefined, isFailure: true });
    }
  }
}

const STOPPED: Sent = { kind: 'gone', detail: 'the agent was stopped' };

function settle(batch: readonly ReadyReply[], answer: Buffer): void {
  const delivered = readResults(answer);
  for (const { id, waiter } of batch) {
    waiter?.onSent(delivered.has(id) ? DELIVERED : CALLER_GONE);
  }
}
