import type { QueueState } from '../../agent/index.ts';
import type { TunnelPlan } from '../tunnel/plan.ts';

/** What is worth knowing of a queue when its tunnel is up again, in this window or a later one. */
export interface Remembered {
  /** Requests that waited when the queue was last heard of. */
  readonly waiting: number;
  /** A person has paused the deliveries; that they wait by `caronte.queue.review` does not count. */
  readonly pausedByHand: boolean;
}

/** The part of the editor's `Memento` that is used. */
export interface Storage {
  get(key: string): unknown;
  update(key: string, value: unknown): unknown;
}

type Named = Pick<TunnelPlan, 'proxyUrl' | 'code'>;

const KEY = 'caronte.queue';
const NOTHING: Remembered = { waiting: 0, pausedByHand: false };

/** Remembers the queue of the tunnel that was up last, beyond the window's end. */
export class QueueMemory {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  of({ proxyUrl, code }: Named): Remembered {
    const value = this.#storage.get(KEY);
    if (typeof value !== 'object' || value === null) return NOTHING;
    const known = value as Record<string, unknown>;
    if (known['proxyUrl'] !== proxyUrl || known['code'] !== code) return NOTHING;
    const { waiting, pausedByHand } = known;
    return {
      waiting: typeof waiting === 'number' ? waiting : 0,
      pausedByHand: pausedByHand === true,
    };
  }

  note(plan: Named & Pick<TunnelPlan, 'queue'>, { waiting, paused }: QueueState): void {
    const { proxyUrl, code } = plan;
    const pausedByHand = paused && !plan.queue.review;
    const before = this.of(plan);
    if (before.waiting === waiting && before.pausedByHand === pausedByHand) return;
    this.#storage.update(KEY, { proxyUrl, code, waiting, pausedByHand });
  }
}
