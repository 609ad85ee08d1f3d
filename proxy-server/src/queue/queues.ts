import type { Limits } from '../config/limits.ts';
import {
  type HelloAnswer,
  type HelloRequest,
  type Problem,
  type QueueState,
  readPolicy,
  type TunnelPolicy,
} from '../protocol/index.ts';
import type { Clock, Exchange, Logger, Presence, Route, Router } from '../routing/index.ts';
import type { Store } from '../store/index.ts';
import { MissedCounts } from './missed.ts';
import { TunnelQueue } from './tunnel-queue.ts';

export interface QueuesOptions {
  /** Absent: nothing is kept. */
  readonly store: Store | undefined;
  readonly tunnels: Router & Presence;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Noted as the time at which a tunnel was last served, for as long as it is: a proxy that is killed
 * can note nothing any more. Its largest number is what SQLite gives back as a number.
 */
const STILL_SERVED = Number.MAX_SAFE_INTEGER;

/** The queues of all tunnels. To the edge they are the routes, since a request may go into a queue. */
export class Queues implements Router {
  readonly store: Store | undefined;
  readonly #options: QueuesOptions;
  readonly #queues = new Map<string, TunnelQueue>();
  /** When each tunnel that queues was last served, in milliseconds since 1970. */
  readonly #seenAt = new Map<string, number>();
  /** Those of them of which the store says that they are served. */
  readonly #stillServed = new Set<string>();
  readonly #missed: MissedCounts;
  /** Codes whose agents were answered what was missed, and have not shown yet that they got it. */
  readonly #telling = new Set<string>();

  constructor(options: QueuesOptions) {
    this.#options = options;
    const { store, clock } = options;
    this.store = store;
    this.#missed = new MissedCounts(store, clock);
    for (const { code, policy, seenAt } of store?.policies() ?? []) {
      if (clock.wall() - seenAt > options.limits.queueAge * 1000) {
        // Nothing is kept under it any more; what it has kept is delivered all the same.
        void store?.forget(code).catch(() => undefined);
        continue;
      }
      this.#missed.know(code);
      const remembered = policyOf(policy);
      if (remembered === undefined) {
        options.log.error({ code, policy }, 'policy of a tunnel cannot be read, and is forgotten');
        continue;
      }
      this.#open(code)?.use(remembered, false);
      this.#seenAt.set(code, seenAt);
      // Its agent was there when the last proxy ended; so the time begins now.
      if (seenAt === STILL_SERVED) {
        this.#stillServed.add(code);
        this.#noteSeen(code);
      }
    }
    for (const code of store?.codes() ?? []) this.#open(code);
  }

  route(code: string): Route {
    const queue = this.#queues.get(code);
    return queue !== undefined && this.#remembers(code, queue)
      ? queue
      : this.#options.tunnels.route(code);
  }

  /** A queue takes what no agent does. */
  served(code: string): boolean {
    const queue = this.#queues.get(code);
    if (this.#options.tunnels.served(code)) return true;
    return queue?.policy.offline === 'queue' && this.#remembers(code, queue);
  }

  /** The queue of a code, if it has or had one. */
  find(code: string): TunnelQueue | undefined {
    return this.#queues.get(code);
  }

  /** What a code's queue holds; nothing if it has none. */
  stateOf(code: string): QueueState {
    return this.#queues.get(code)?.state ?? EMPTY;
  }

  /** Why the policy of an agent cannot be met; undefined if it can. */
  refuse({ offline }: TunnelPolicy): Problem | undefined {
    if (offline !== 'queue' || this.store !== undefined) return undefined;
    return {
      code: 'queue_unavailable',
      detail:
        'This proxy keeps no queue. Start it with --data-dir, or the agent without --offline queue.',
    };
  }

  /**
   * Takes an agent's policy for its tunnel, so that it outlives the agent and the proxy. Resolves with
   * what the agent is told in the answer to its hello. `isNew`: it does not go on with a session.
   */
  async welcome(
    { code, policy }: HelloRequest,
    isNew: boolean,
  ): Promise<Pick<HelloAnswer, 'queue' | 'missed'>> {
    const { clock } = this.#options;
    this.#missed.know(code);
    const queues = policy.offline === 'queue' || policy.reply === 'accept';
    const queue = queues ? this.#open(code) : this.#queues.get(code);
    queue?.use(policy, !isNew);
    if (queues) {
      this.#seenAt.set(code, clock.wall());
      this.#stillServed.add(code);
      await this.store?.remember(code, JSON.stringify(policy), STILL_SERVED);
    } else if (this.#seenAt.delete(code)) {
      this.#stillServed.delete(code);
      await this.store?.forget(code);
    }
    const missed = this.#missed.read(code);
    if (missed !== undefined) this.#telling.add(code);
    return {
      ...(this.store !== undefined && { queue: this.stateOf(code) }),
      ...(missed !== undefined && { missed }),
    };
  }

  /** Agents of a code have come or gone. */
  onPresence(code: string): void {
    const { tunnels, log } = this.#options;
    // An agent that polls has had the answer to its hello.
    if (tunnels.served(code) && this.#telling.delete(code)) {
      this.#missed.told(code).catch((error: unknown) => {
        log.error({ code, error: String(error) }, 'what was missed is told again');
      });
    }
    const queue = this.#queues.get(code);
    if (queue === undefined) return;
    if (this.#seenAt.has(code)) this.#noteSeen(code);
    queue.onPresence();
  }

  /** A request was refused since no agent is there. */
  onRefused(code: string, exchange: Exchange): void {
    // What a queue has, or is about to keep, is not lost.
    if (this.#queues.get(code)?.keeps(exchange) !== true) this.#missed.refused(code);
  }

  /** Begins no further delivery. Resolves once those under way are over. */
  async drain(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  }

  /** Notes when a tunnel was last served; in the store only if that it is begins or ends. */
  #noteSeen(code: string): void {
    const { clock, tunnels, log } = this.#options;
    const now = clock.wall();
    this.#seenAt.set(code, now);
    const served = tunnels.served(code);
    const policy = this.#queues.get(code)?.policy;
    if (policy === undefined || served === this.#stillServed.has(code)) return;
    if (served) this.#stillServed.add(code);
    else this.#stillServed.delete(code);
    const seenAt = served ? STILL_SERVED : now;
    this.store?.remember(code, JSON.stringify(policy), seenAt).catch((error: unknown) => {
      log.warn({ code, error: String(error) }, 'when the tunnel was last served is not kept');
    });
  }

  /** The policy of a tunnel holds for as long as its requests are kept. */
  #remembers(code: string, { policy }: TunnelQueue): boolean {
    const { tunnels, limits, clock } = this.#options;
    if (policy.offline !== 'queue' || tunnels.served(code)) return true;
    const seenAt = this.#seenAt.get(code);
    return seenAt !== undefined && clock.wall() - seenAt <= limits.queueAge * 1000;
  }

  #open(code: string): TunnelQueue | undefined {
    const { store, tunnels, limits, clock, log, random } = this.#options;
    if (store === undefined) return undefined;
    let queue = this.#queues.get(code);
    if (queue === undefined) {
      const onFull = (): void => this.#missed.full(code);
      queue = new TunnelQueue(code, { store, tunnels, limits, clock, log, random, onFull });
      this.#queues.set(code, queue);
    }
    return queue;
  }
}

/** Undefined if it is not one. */
function policyOf(text: string): TunnelPolicy | undefined {
  try {
    return readPolicy(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const EMPTY: QueueState = { waiting: 0, dead: 0, oldestAt: undefined, paused: false };
