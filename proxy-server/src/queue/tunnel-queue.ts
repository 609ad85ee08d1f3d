import {
  Deadlines,
  encodeQueue,
  type Problem,
  QUEUE_DEFAULTS,
  type QueueState,
  type TunnelPolicy,
} from '../protocol/index.ts';
import { deadlineTime, Exchange, failPoint, type Route, type Timer } from '../routing/index.ts';
import { Deliveries, type DeliveriesContext } from './deliveries.ts';
import { deliveryFields } from './delivery-fields.ts';
import { keep, type Kept } from './intake.ts';
import { LiveCaller } from './live-caller.ts';
import { SmallBody } from './small-body.ts';

/**
 * A caller that waits is told 202 if no agent has acknowledged its request within this, in
 * milliseconds: the strictest senders wait for 3 s, and an agent that is there takes a moment.
 */
const UNACKNOWLEDGED_MS = 2_000;

/** Agents hear of changes at most this often, in milliseconds. */
const NOTICE_MS = 1_000;

const NOT_TAKEN: Problem = { code: 'agent_lost', detail: 'The agent did not take the request.' };

export interface TunnelQueueContext extends Omit<DeliveriesContext, 'onChange'> {
  /** A request could not be kept: there is no room. */
  readonly onFull: () => void;
}

/**
 * The queue of one tunnel, and the way of its callers' requests: to an agent that is there, else, or
 * if the tunnel answers at once, into the store.
 */
export class TunnelQueue implements Route {
  readonly #code: string;
  readonly #context: TunnelQueueContext;
  readonly #deliveries: Deliveries;
  readonly #unacknowledged: Deadlines<() => void>;
  #policy: TunnelPolicy = { reply: 'wait' };
  #noticeTimer: Timer | undefined;

  constructor(code: string, context: TunnelQueueContext) {
    this.#code = code;
    this.#context = context;
    this.#deliveries = new Deliveries(code, { ...context, onChange: () => this.#changed() });
    this.#unacknowledged = new Deadlines(deadlineTime(context.clock), UNACKNOWLEDGED_MS, (onLate) =>
      onLate(),
    );
  }

  get policy(): TunnelPolicy {
    return this.#policy;
  }

  get state(): QueueState {
    const { waiting, dead, oldestReceivedAt } = this.#context.store.counts(this.#code);
    return { waiting, dead, oldestAt: oldestReceivedAt, paused: this.#deliveries.paused };
  }

  /** `keepPause`: what a person said of pausing counts for more than what the agent was started with. */
  use(policy: TunnelPolicy, keepPause: boolean): void {
    this.#policy = policy;
    const queue = policy.queue ?? QUEUE_DEFAULTS;
    this.#deliveries.use(keepPause ? { ...queue, paused: this.#deliveries.paused } : queue);
  }

  pause(paused: boolean): void {
    this.#deliveries.use({ ...(this.#policy.queue ?? QUEUE_DEFAULTS), paused });
    this.#changed();
  }

  /** Whether a request that no agent takes is kept all the same, or is kept already. */
  keeps(exchange: Exchange): boolean {
    if (exchange.queued !== undefined) return true;
    return this.#policy.offline === 'queue' && this.#mayKeep(exchange);
  }

  /** An agent came or went. */
  onPresence(): void {
    this.#keepWhatWaited();
    this.#deliveries.tryNow();
  }

  stop(): Promise<void> {
    this.#noticeTimer?.cancel();
    return this.#deliveries.stop();
  }

  /** A person has changed what the queue holds; `deliver`: these are to be delivered now. */
  changed(deliver: readonly string[] = []): void {
    this.#changed();
    this.#deliveries.choose(deliver);
  }

  offer(exchange: Exchange): void {
    const { reply, offline } = this.#policy;
    const { tunnels } = this.#context;
    const served = tunnels.served(this.#code);
    if (!this.#mayKeep(exchange)) return tunnels.route(this.#code).offer(exchange);
    if (served ? reply === 'accept' : offline === 'queue') return void this.#keep(exchange, 0);
    if (offline === 'queue') return this.#offerLive(exchange);
    tunnels.route(this.#code).offer(exchange);
  }

  /**
   * What came before the agent did waits for it in the tunnel. A tunnel that answers at once has that
   * on disk as well, before an agent gets it: else its 202 would promise nothing.
   */
  #keepWhatWaited(): void {
    const { tunnels } = this.#context;
    if (this.#policy.reply !== 'accept' || !tunnels.served(this.#code)) return;
    const waited = tunnels.reclaim(
      this.#code,
      (exchange) => exchange.queued === undefined && this.#mayKeep(exchange),
    );
    for (const exchange of waited) void this.#keep(exchange, 0);
  }

  #mayKeep({ head, body }: Exchange): boolean {
    const { methods } = this.#policy.queue ?? QUEUE_DEFAULTS;
    return body.form.kind !== 'upgrade' && methods.includes(head.method);
  }

  /** Offers the request to the agents, and keeps it if none of them can take it. */
  #offerLive(exchange: Exchange): void {
    const { id, code, head, body, receivedAt, patienceMs } = exchange;
    const small = SmallBody.beside(body);
    const live: Exchange = new Exchange({
      id,
      code,
      head: { ...head, fields: [...head.fields, ...deliveryFields(id, 1)] },
      body,
      receivedAt,
      patienceMs,
      caller: new LiveCaller(exchange, (problem) => void this.#keep(exchange, 1, small, problem)),
    });
    const watch = this.#unacknowledged.add(() => {
      if (!live.open || live.acknowledged) return;
      live.left();
      void this.#keep(exchange, 1, small);
    });
    live.onEnd(() => this.#unacknowledged.remove(watch));
    exchange.onEnd((end) => {
      if (end.kind === 'gone') live.left();
      else if (end.kind === 'failed') live.fail({ code: end.code, detail: '' });
    });
    this.#context.tunnels.route(code).offer(live);
  }

  /** `problem` is what the caller is told if the request cannot be kept any more. */
  async #keep(
    exchange: Exchange,
    attempts: number,
    small?: SmallBody,
    problem = NOT_TAKEN,
  ): Promise<void> {
    const { store, log, onFull } = this.#context;
    const { dedupeSeconds } = this.#policy.queue ?? QUEUE_DEFAULTS;
    let kept: Kept;
    try {
      kept = await keep(store, exchange, { attempts, dedupeMs: dedupeSeconds * 1000, small });
    } catch (error) {
      log.error({ code: this.#code, error: String(error) }, 'request not kept');
      exchange.fail({ code: 'store_failed', detail: 'Try again later.', retryAfter: 10 });
      return;
    }
    switch (kept.kind) {
      case 'kept':
      case 'duplicate':
        failPoint('committed');
        exchange.accept();
        this.#changed();
        this.#deliveries.wake();
        return;
      case 'full':
        onFull();
        exchange.fail({
          code: 'queue_full',
          detail: 'So much waits for this tunnel that no more is kept.',
          retryAfter: 60,
        });
        return;
      case 'gone':
        exchange.fail(problem);
    }
  }

  #changed(): void {
    if (this.#noticeTimer !== undefined) return;
    const { clock, tunnels } = this.#context;
    this.#noticeTimer = clock.after(NOTICE_MS, () => {
      this.#noticeTimer = undefined;
      tunnels.notify(this.#code, encodeQueue(this.state));
    });
  }
}
