import type { QueueEntry, QueueList, QueuePage, SignatureTolerance } from '../../agent/index.ts';
import { Signal } from '../base/signal.ts';

/** The part of a queue that a listing reads. */
export interface ListingSource {
  readonly page: (list: QueueList, after: number | undefined, limit: number) => Promise<QueuePage>;
  /** Which entries have outlived what their senders' signatures are good for. */
  readonly stale: (entries: readonly QueueEntry[]) => Promise<Map<string, SignatureTolerance>>;
}

/** Rows at first, and how many more a click brings. */
export const LISTED = 50;
/** Most that the proxy gives at once. */
const PAGE = 200;

/** One list of a queue as far as it is shown: read when somebody looks, and anew after a change. */
export class QueueListing {
  /** Something about rows that were read before is different. */
  readonly changed = new Signal<undefined>();
  readonly list: QueueList;
  readonly #source: ListingSource;
  #shown = LISTED;
  #entries = new Map<string, QueueEntry>();
  #stale = new Map<string, SignatureTolerance>();
  /** Whether there are more than are shown. */
  #hasMore = false;
  #isCurrent = false;
  #reading: Promise<readonly QueueEntry[]> | undefined;
  /** Grows with each change: what was asked for before one is not current. */
  #turn = 0;

  constructor(list: QueueList, source: ListingSource) {
    this.list = list;
    this.#source = source;
  }

  get hasMore(): boolean {
    return this.#hasMore;
  }

  entry(id: string): QueueEntry | undefined {
    return this.#entries.get(id);
  }

  /** The tolerance that the signature of an entry has outlived. */
  staleSignature(id: string): SignatureTolerance | undefined {
    return this.#stale.get(id);
  }

  /** The entries, the oldest first. Rejects if they cannot be had. */
  async read(): Promise<readonly QueueEntry[]> {
    if (this.#isCurrent) return [...this.#entries.values()];
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The queue has changed, or somebody wants to look anew. */
  invalidate(): void {
    this.#turn += 1;
    this.#isCurrent = false;
  }

  showMore(): void {
    this.#shown += LISTED;
    this.invalidate();
    this.changed.fire(undefined);
  }

  /** Some of it may be different although nobody has said so: tells only if that is so. */
  async refresh(): Promise<void> {
    const before = JSON.stringify([...this.#entries.values()]);
    this.invalidate();
    if (this.#entries.size === 0) return;
    try {
      if (JSON.stringify(await this.read()) !== before) this.changed.fire(undefined);
    } catch {
      this.changed.fire(undefined);
    }
  }

  /** Begins anew, as for a queue that nobody has looked into. */
  clear(): void {
    this.invalidate();
    this.#shown = LISTED;
    this.#entries = new Map();
    this.#stale = new Map();
    this.#hasMore = false;
  }

  /** Time goes by: signatures get too old. */
  async checkSignatures(): Promise<void> {
    const entries = [...this.#entries.values()];
    if (entries.length === 0) return;
    let stale: Map<string, SignatureTolerance>;
    try {
      stale = await this.#source.stale(entries);
    } catch {
      // The list itself will say what is wrong when it is read next.
      return;
    }
    const isSame =
      stale.size === this.#stale.size && [...stale.keys()].every((id) => this.#stale.has(id));
    this.#stale = stale;
    if (!isSame) this.changed.fire(undefined);
  }

  async #read(): Promise<readonly QueueEntry[]> {
    let turn: number;
    let entries: QueueEntry[];
    do {
      turn = this.#turn;
      entries = await this.#fetch();
      // Whoever waits for this was told of the change, and will not ask again.
    } while (turn !== this.#turn);
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]));
    this.#isCurrent = true;
    void this.checkSignatures();
    return entries;
  }

  async #fetch(): Promise<QueueEntry[]> {
    const entries: QueueEntry[] = [];
    let next: number | null = null;
    do {
      const limit = Math.min(PAGE, this.#shown - entries.length);
      const page = await this.#source.page(this.list, next ?? undefined, limit);
      entries.push(...page.entries);
      ({ next } = page);
    } while (next !== null && entries.length < this.#shown);
    this.#hasMore = next !== null;
    return entries;
  }
}
