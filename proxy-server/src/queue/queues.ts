import type { Limits } from '../config/limits.ts';
import {
  type HelloAnswer,
  type HelloRequest,
  type Problem,
  type QueueState,
  readPolicy,
  type TunnelPolicy,
} from '../protocol/index.ts';
import type { Clock, Logger, Presence, Route, Router } from '../routing/index.ts';
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

/** The queues of all tunnels. To the edge they are the routes, since a request may go into a queue. */
export class Queues implements Router {
  readonly store: Store | undefined;
  readonly #options: QueuesOptions;
  readonly #queues = new Map<string, TunnelQueue>();
  /** When each tunnel that queues was last served, in milliseconds since 1970. */
  readonly #seenAt = new Map<string, number>();
  readonly #missed: MissedCounts;

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
      this.#seenAt.set(code, seenAt);
      this.#missed.know(code);
      this.#open(code)?.use(readPolicy(JSON.parse(policy)), false);
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
      await this.store?.remember(code, JSON.stringify(policy), clock.wall());
    } else if (this.#seenAt.delete(code)) {
      await this.store?.forget(code);
    }
    const missed = await this.#missed.take(code);
    return {
      ...(this.store !== undefined && { queue: this.stateOf(code) }),
      ...(missed !== undefined && { missed }),
    };
  }

  /** Agents of a code have come or gone. */
  onPresence(code: string): void {
    const queue = this.#queues.get(code);
    if (queue === undefined) return;
    if (this.#seenAt.has(code)) this.#seenAt.set(code, this.#options.clock.wall());
    queue.tryNow();
  }

  /** A request was refused since no agent is there. */
  onRefused(code: string): void {
    this.#missed.refused(code);
  }

  /** Begins no further delivery. Resolves once those under way are over. */
  async drain(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
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

const EMPTY: QueueState = { waiting: 0, dead: 0, oldestAt: undefined, paused: false };
