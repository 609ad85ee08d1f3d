import type {
  QueueChoice,
  QueuedRequest,
  QueueEntry,
  QueueList,
  QueuePage,
  QueueState,
  SignatureTolerance,
} from '../../agent/index.ts';
import { Signal } from '../base/signal.ts';
import type { Engine, Queue, Tunnel } from '../tunnel/tunnel.ts';
import { QueueListing } from './listing.ts';

/** The part of a tunnel that its queue is reached by. */
export type QueueTunnel = Pick<Tunnel, 'queue' | 'queueChanged' | 'setPaused'> & {
  readonly engine: Pick<Engine, 'staleSignature' | 'staleSignatures'> | undefined;
};

/** A request with what its sender's signature is good for, if that is over. */
export interface ShownRequest {
  readonly request: QueuedRequest;
  readonly stale: SignatureTolerance | undefined;
}

/** Fields of so many requests are remembered, so that lists need not ask for them again. */
const REMEMBERED = 1_000;

/** What waits for this window's tunnel, or was given up, and what people do about it. */
export class TunnelQueue {
  /** What is known of the queue is different. */
  readonly changed = new Signal<undefined>();
  readonly #tunnel: QueueTunnel;
  readonly #listings: Readonly<Record<QueueList, QueueListing>>;
  readonly #requests = new Map<string, Promise<QueuedRequest>>();
  #state: QueueState | undefined;

  constructor(tunnel: QueueTunnel) {
    this.#tunnel = tunnel;
    const source = {
      page: (list: QueueList, after: number | undefined, limit: number) =>
        this.#page(list, after, limit),
      stale: (entries: readonly QueueEntry[]) => this.#stale(entries),
    };
    this.#listings = {
      waiting: new QueueListing('waiting', source),
      dead: new QueueListing('dead', source),
    };
    for (const listing of Object.values(this.#listings)) {
      listing.changed.on(() => {
        this.changed.fire(undefined);
      });
    }
    tunnel.queueChanged.on((state) => {
      this.#become(state);
    });
  }

  /** Undefined while no tunnel is up, or if its proxy keeps no queue. */
  get state(): QueueState | undefined {
    return this.#state;
  }

  listing(list: QueueList): QueueListing {
    return this.#listings[list];
  }

  /** Looks anew which signatures have become too old. */
  checkSignatures(): void {
    for (const listing of Object.values(this.#listings)) void listing.checkSignatures();
  }

  async show(id: string, now = Date.now()): Promise<ShownRequest> {
    const request = await this.#queue.show(id);
    return { request, stale: this.#tunnel.engine?.staleSignature(request, now) };
  }

  /** The first bytes of a request's body, `limit` at most. */
  async body(id: string, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of (await this.#queue.body(id)) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= limit) break;
    }
    return Buffer.concat(chunks).subarray(0, limit);
  }

  /** Delivers requests now, dead letters anew. Resolves with how many there were. */
  async deliver(ids: readonly string[]): Promise<number> {
    return this.#acted(this.#queue.deliver({ ids }));
  }

  /**
   * Has a whole list delivered: of those that wait, also those that were to wait for longer, and all
   * if deliveries were paused. Resolves with how many there were.
   */
  async deliverAll(list: QueueList): Promise<number> {
    if (list === 'dead') return this.#acted(this.#queue.deliver({ all: 'dead' }));
    const waiting = this.#state?.waiting ?? 0;
    const failed = await this.#failed();
    if (failed.length > 0) await this.#queue.deliver({ ids: failed });
    if (this.#state?.paused === true) await this.setPaused(false);
    return this.#acted(Promise.resolve(waiting));
  }

  /** Discards requests for good, but for those that are being delivered. Resolves with how many. */
  async discard(choice: QueueChoice): Promise<number> {
    return this.#acted(this.#queue.discard(choice));
  }

  /** Has deliveries wait, or go on. Resolves with whether they wait now. */
  async setPaused(paused: boolean): Promise<boolean> {
    const isDone = await this.#tunnel.setPaused(paused);
    return isDone ? paused : this.#state?.paused === true;
  }

  get #queue(): Queue {
    const { queue } = this.#tunnel;
    if (queue === undefined) throw new Error('No tunnel is up: there is no queue to look into.');
    return queue;
  }

  /** Those that wait for another delivery after one that failed. */
  async #failed(): Promise<string[]> {
    const failed: string[] = [];
    let after: number | undefined;
    do {
      const page = await this.#queue.list({ state: 'waiting', after, limit: 200 });
      for (const { id, dueInSeconds } of page.entries) {
        if (dueInSeconds !== undefined && dueInSeconds > 0) failed.push(id);
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
    return failed;
  }

  async #page(list: QueueList, after: number | undefined, limit: number): Promise<QueuePage> {
    return this.#queue.list({ state: list, after, limit });
  }

  async #stale(entries: readonly QueueEntry[]): Promise<Map<string, SignatureTolerance>> {
    const { engine } = this.#tunnel;
    if (engine === undefined) return new Map();
    return engine.staleSignatures({ show: (id) => this.#fieldsOf(id) }, entries, Date.now());
  }

  /** What a request is does not change; only what became of it does. */
  #fieldsOf(id: string): Promise<QueuedRequest> {
    const known = this.#requests.get(id);
    if (known !== undefined) return known;
    const asked = this.#queue.show(id);
    this.#requests.set(id, asked);
    for (const oldest of this.#requests.keys()) {
      if (this.#requests.size <= REMEMBERED) break;
      this.#requests.delete(oldest);
    }
    asked.catch(() => this.#requests.delete(id));
    return asked;
  }

  /** The lists are different after what a person did, whether or not the proxy has said so yet. */
  async #acted(action: Promise<number>): Promise<number> {
    try {
      return await action;
    } finally {
      for (const listing of Object.values(this.#listings)) listing.invalidate();
      this.changed.fire(undefined);
    }
  }

  #become(state: QueueState | undefined): void {
    const before = this.#state;
    this.#state = state;
    if (before !== undefined && state !== undefined && isSame(before, state)) {
      // A request that failed once more waits as before. Drawing lists anew closes what hovers over them.
      for (const listing of Object.values(this.#listings)) void listing.refresh();
      return;
    }
    for (const listing of Object.values(this.#listings)) {
      if (state === undefined) listing.clear();
      else listing.invalidate();
    }
    if (state === undefined) this.#requests.clear();
    this.changed.fire(undefined);
  }
}

function isSame(a: QueueState, b: QueueState): boolean {
  return (
    a.waiting === b.waiting &&
    a.dead === b.dead &&
    a.oldestAt === b.oldestAt &&
    a.paused === b.paused
  );
}
