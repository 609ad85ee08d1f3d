import {
  decodeResult,
  encodeFailure,
  FAILURE,
  OUTCOME,
  RECORD,
  RecordDecoder,
  VERSION_BYTE,
  WIRE_LIMITS,
} from 'caronte-proxy/protocol';
import type { Clock } from './clock.ts';
import { ProxyAnswerError } from './proxy-error.ts';

/** What became of a reply: the caller has it, or the reason why not. */
export type Sent =
  { readonly kind: 'delivered' } | { readonly kind: 'gone'; readonly detail: string };

interface Item {
  readonly id: string;
  readonly text: string;
  readonly body: readonly Buffer[];
  readonly size: number;
  readonly onSent: ((sent: Sent) => void) | undefined;
  /** It stands for a reply that the proxy refused. */
  readonly isFailure: boolean;
}

interface Batch {
  readonly items: readonly Item[];
  readonly records: Buffer;
}

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
  #items: Item[] = [];
  #size = 0;
  #underWay = 0;
  #scheduled = false;
  #cancelGather: (() => void) | undefined;
  readonly #pauses = new Set<() => void>();
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Adds a record: `text` in Latin-1, then the bytes of its body. */
  add(id: string, text: string, body: readonly Buffer[], onSent?: (sent: Sent) => void): void {
    let size = text.length;
    for (const piece of body) size += piece.length;
    this.#push({ id, text, body, size, onSent, isFailure: false });
  }

  /** Drops what has not been sent. */
  destroy(): void {
    this.#closed = true;
    this.#cancelGather?.();
    for (const end of this.#pauses) end();
    for (const item of this.#items.splice(0)) item.onSent?.(STOPPED);
  }

  #push(item: Item): void {
    this.#items.push(item);
    this.#size += item.size;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#items.length >= BATCH && this.#underWay < MOST_UNDER_WAY) return this.#flush();
    if (this.#scheduled || this.#closed || this.#items.length === 0) return;
    if (this.#underWay < UNDER_WAY || this.#size >= WIRE_LIMITS.batch) {
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
    if (this.#items.length === 0 || this.#closed) return;
    const items = this.#takeItems();
    this.#underWay += 1;
    void this.#deliver({ items, records: join(items) }).finally(() => {
      this.#underWay -= 1;
      this.#schedule();
    });
    this.#schedule();
  }

  #takeItems(): Item[] {
    let count = 0;
    let size = 0;
    const most = Math.min(this.#items.length, WIRE_LIMITS.replies);
    while (count < most && (count === 0 || size < WIRE_LIMITS.batch)) {
      size += this.#items[count]?.size ?? 0;
      count += 1;
    }
    this.#size -= size;
    return this.#items.splice(0, count);
  }

  async #deliver(batch: Batch): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        settle(batch.items, await this.#options.send(batch.records, BATCH_TIMEOUT_MS));
        return;
      } catch (error) {
        const pause = RETRY_PAUSES_MS[attempt];
        // An answer of the proxy's is final; a broken connection is not.
        if (pause === undefined || this.#closed || error instanceof ProxyAnswerError) {
          const detail = error instanceof Error ? error.message : String(error);
          for (const item of batch.items) item.onSent?.({ kind: 'gone', detail });
          if (error instanceof ProxyAnswerError && error.problem === 'malformed') {
            this.#refuse(batch.items, detail);
          }
          return;
        }
        await this.#pause(pause);
      }
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
  #refuse(items: readonly Item[], detail: string): void {
    for (const { id, isFailure } of items) {
      if (isFailure) continue;
      const text = encodeFailure({ id, code: FAILURE.refused, detail });
      this.#push({ id, text, body: [], size: text.length, onSent: undefined, isFailure: true });
    }
  }
}

const STOPPED: Sent = { kind: 'gone', detail: 'the agent was stopped' };

function join(items: readonly Item[]): Buffer {
  let size = 1;
  for (const item of items) size += item.size;
  const records = Buffer.allocUnsafe(size);
  records[0] = VERSION_BYTE;
  let at = 1;
  for (const item of items) {
    at += records.write(item.text, at, 'latin1');
    for (const piece of item.body) at += piece.copy(records, at);
  }
  return records;
}

function settle(items: readonly Item[], answer: Buffer): void {
  const delivered = readResults(answer);
  for (const item of items) {
    item.onSent?.(
      delivered.has(item.id)
        ? { kind: 'delivered' }
        : { kind: 'gone', detail: 'the caller is gone' },
    );
  }
}

/** The ids of the replies that reached their callers. */
export function readResults(answer: Buffer): Set<string> {
  const delivered = new Set<string>();
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.allocUnsafe(size),
    onRecord: (type, payload) => {
      if (type !== RECORD.result) return;
      const { id, outcome } = decodeResult(payload);
      if (outcome === OUTCOME.delivered) delivered.add(id);
    },
    onData: () => undefined,
  });
  decoder.push(answer);
  decoder.finish();
  return delivered;
}
