import type { Missed, QueueState } from '../../agent/index.ts';
import { Signal } from '../base/signal.ts';
import type { TunnelPlan } from '../tunnel/plan.ts';
import type { TunnelState } from '../tunnel/state.ts';
import type { QueueMemory } from './memory.ts';

/** What a person who comes back should know of the time when nobody took requests. */
export interface AwayNews {
  readonly plan: TunnelPlan;
  /** Requests that wait now and did not when the queue was last heard of. */
  readonly arrived: number;
  /** Their deliveries wait for a word. */
  readonly paused: boolean;
  /** Undefined if nothing was lost. */
  readonly missed: Missed | undefined;
}

/**
 * Tells once, each time that a tunnel is live again, what has arrived meanwhile and what was lost. The
 * engine passes both on right after it says that it is live, in the same turn of the event loop.
 */
export class Absence {
  readonly ended = new Signal<AwayNews>();
  readonly #memory: QueueMemory;
  #plan: TunnelPlan | undefined;
  /** Of the present connection; what was known before it is in the memory until then. */
  #isFresh = false;
  #arrived = 0;
  #paused = false;
  #missed: Missed | undefined;

  constructor(memory: QueueMemory) {
    this.#memory = memory;
  }

  onState(state: TunnelState): void {
    this.#isFresh = state.kind === 'live';
    if (state.kind !== 'live') return;
    const { plan } = state;
    this.#plan = plan;
    this.#arrived = 0;
    this.#missed = undefined;
    queueMicrotask(() => {
      this.#tell(plan);
    });
  }

  onQueue(state: QueueState): void {
    if (this.#plan === undefined) return;
    if (this.#isFresh) {
      this.#arrived = Math.max(0, state.waiting - this.#memory.of(this.#plan).waiting);
      this.#paused = state.paused;
    }
    this.#memory.note(this.#plan, state);
  }

  onMissed(missed: Missed): void {
    if (this.#isFresh) this.#missed = missed;
  }

  #tell(plan: TunnelPlan): void {
    this.#isFresh = false;
    const arrived = this.#arrived;
    const missed = this.#missed;
    if (arrived === 0 && missed === undefined) return;
    this.ended.fire({ plan, arrived, paused: this.#paused, missed });
  }
}
