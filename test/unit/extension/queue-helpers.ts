import { Readable } from 'node:stream';
import type {
  QueueChoice,
  QueuedRequest,
  QueueEntry,
  QueueList,
  QueuePage,
  QueueState,
} from '../../../src/agent/index.ts';
import { staleSignature, staleSignatures } from '../../../src/agent/index.ts';
import { Signal } from '../../../src/extension/base/signal.ts';
import { TunnelQueue } from '../../../src/extension/queue/tunnel-queue.ts';
import type { TunnelPlan } from '../../../src/extension/tunnel/plan.ts';
import type { Queue } from '../../../src/extension/tunnel/tunnel.ts';
import { idOf } from './history-helpers.ts';

export const PLAN: TunnelPlan = {
  proxyUrl: 'https://proxy.example',
  code: 'orders',
  target: { protocol: 'http', host: 'localhost', port: 3000 },
  manner: { hostHeader: 'target', caFile: undefined, insecure: false, rewritePaths: false },
  sendReply: true,
  offline: 'queue',
  queue: { review: false, parallel: 2, methods: ['POST'], refused: 'dead', dedupeSeconds: 60 },
  share: 'exclusive',
  maxAttempts: 5,
};

export const EMPTY: QueueState = { waiting: 0, dead: 0, oldestAt: undefined, paused: false };

export function entry(number: number, more: Partial<QueueEntry> = {}): QueueEntry {
  return {
    id: idOf(number),
    state: 'waiting',
    method: 'POST',
    target: `/webhooks/${number}`,
    receivedAt: Date.now(),
    size: 0,
    attempts: 0,
    ...more,
  };
}

/** A queue in memory, with what was asked of it. */
export class FakeQueue implements Queue {
  readonly asked: string[] = [];
  readonly lists: Record<QueueList, QueueEntry[]> = { waiting: [], dead: [] };
  fields: readonly string[] = [];
  content: readonly string[] = [];
  /** What the next lists wait for. */
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  async list({
    state,
    after = 0,
    limit = 50,
  }: {
    readonly state: QueueList;
    readonly after?: number | undefined;
    readonly limit?: number | undefined;
  }): Promise<QueuePage> {
    this.asked.push(`list ${state} ${after} ${limit}`);
    const all = [...this.lists[state]];
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    const entries = all.slice(after, after + limit);
    return { queue: EMPTY, entries, next: after + limit < all.length ? after + limit : null };
  }

  async show(id: string): Promise<QueuedRequest> {
    this.asked.push(`show ${Number.parseInt(id, 16)}`);
    const found = [...this.lists.waiting, ...this.lists.dead].find((one) => one.id === id);
    if (found === undefined) throw new Error('there is no such request');
    return Promise.resolve({
      ...found,
      httpVersion: '1.1',
      caller: '203.0.113.4',
      fields: this.fields,
    });
  }

  body(): Promise<Readable> {
    return Promise.resolve(Readable.from(this.content.map((text) => Buffer.from(text))));
  }

  deliver(choice: QueueChoice<'dead'>): Promise<number> {
    return this.#settled('deliver', choice);
  }

  discard(choice: QueueChoice): Promise<number> {
    return this.#settled('discard', choice);
  }

  destroy(): Promise<void> {
    this.asked.push('destroy');
    return Promise.resolve();
  }

  #settled(verb: string, choice: QueueChoice): Promise<number> {
    const which = 'all' in choice ? choice.all : choice.ids.map((id) => Number.parseInt(id, 16));
    this.asked.push(`${verb} ${String(which)}`);
    return Promise.resolve('all' in choice ? this.lists[choice.all].length : choice.ids.length);
  }
}

/** A tunnel's queue over one in memory; `pauses` has what was said of pausing. */
export function makeQueue(): {
  queue: TunnelQueue;
  fake: FakeQueue;
  become: (state: QueueState | undefined) => void;
  pauses: boolean[];
} {
  const fake = new FakeQueue();
  const queueChanged = new Signal<QueueState | undefined>();
  const pauses: boolean[] = [];
  const queue = new TunnelQueue({
    queue: fake,
    queueChanged,
    setPaused: (paused) => {
      pauses.push(paused);
      return Promise.resolve(true);
    },
    engine: { staleSignature, staleSignatures },
  });
  return {
    queue,
    fake,
    become: (state) => {
      queueChanged.fire(state);
    },
    pauses,
  };
}
