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

  /** What was missed since an agent was told last; undefined if nothing was. */
  read(code: string): Missed | undefined {
    const known = this.#refused.get(code);
    const stored = this.#store?.missed(code) ?? NOTHING;
    const refused = (known?.count ?? 0) + stored.refused;
    if (refused + stored.quota + stored.expired === 0) return undefined;
    const since = [known?.since, stored.since].filter((time) => time !== undefined);
    return { ...stored, refused, since: since.length > 0 ? Math.min(...since) : undefined };
  }

  /** An agent has been told: counting begins anew. Rejects if the store fails. */
  async told(code: string): Promise<void> {
    if (this.#refused.has(code)) this.#refused.set(code, { count: 0, since: undefined });
    if (this.#store?.missed(code).since !== undefined) await this.#store.clearMissed(code);
  }
}
