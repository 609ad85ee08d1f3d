import type { Missed } from '../protocol/index.ts';
import type { Clock } from '../routing/index.ts';
import type { Store } from '../store/index.ts';

/** So many codes are remembered for which something was refused; the longest forgotten goes first. */
const CODES = 10_000;

const NOTHING: Missed = { refused: 0, quota: 0, expired: 0, since: undefined };

/**
 * Counts what is gone, so that the agents of a code can be told. Without a store, and for tunnels
 * that do not queue, the counts last as long as the process.
 */
export class MissedCounts {
  readonly #store: Store | undefined;
  readonly #clock: Clock;
  readonly #refused = new Map<string, { count: number; since: number | undefined }>();

  constructor(store: Store | undefined, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** A code that an agent has served: from now on what is refused for it counts. */
  know(code: string): void {
    if (this.#refused.has(code)) return;
    const [oldest] = this.#refused.keys();
    if (this.#refused.size >= CODES && oldest !== undefined) this.#refused.delete(oldest);
    this.#refused.set(code, { count: 0, since: undefined });
  }

  refused(code: string): void {
    const known = this.#refused.get(code);
    if (known === undefined) return;
    known.count += 1;
    known.since ??= this.#clock.wall();
  }

  full(code: string): void {
    this.#store?.noteMissed(code, 'quota');
  }

  /** What was missed since the last call; undefined if nothing was. */
  async take(code: string): Promise<Missed | undefined> {
    const known = this.#refused.get(code);
    const refused = known?.count ?? 0;
    const stored = this.#store?.missed(code) ?? NOTHING;
    const refusedSince = known?.since;
    if (known !== undefined) {
      known.count = 0;
      known.since = undefined;
    }
    if (stored.quota + stored.expired + stored.refused > 0) await this.#store?.clearMissed(code);
    else if (refused === 0) return undefined;
    const since = [refusedSince, stored.since].filter((time) => time !== undefined);
    return {
      ...stored,
      refused: refused + stored.refused,
      since: since.length > 0 ? Math.min(...since) : undefined,
    };
  }
}
