import type { Limits } from '../config/limits.ts';
import { Deadlines, QUEUE_DEFAULTS, type QueuePolicy } from '../protocol/index.ts';
import {
  type Clock,
  deadlineTime,
  Exchange,
  failPoint,
  type Logger,
  newId,
  type Presence,
  type Router,
  type Timer,
} from '../routing/index.ts';
import type { Leased, Settlement, Store } from '../store/index.ts';
import { DeliveryCaller } from './delivery.ts';
import { queuedFields } from './delivery-fields.ts';
import { Rate } from './rate.ts';
import { HeldBody, StoredBody } from './stored-body.ts';
import { type DeliveryEnd, pauseMs, type Verdict, verdictOn } from './verdict.ts';

/** Pauses of a tunnel whose requests nobody can take, in milliseconds. */
const HOLD_FIRST_MS = 1_000;
const HOLD_LONGEST_MS = 30_000;

/** After the store has failed, in milliseconds. */
const STORE_PAUSE_MS = 5_000;

export interface DeliveriesContext {
  readonly store: Store;
  readonly tunnels: Router & Presence;
  readonly limits: Pick<Limits, 'maxTimeoutResponse' | 'queueAttempts'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** What the queue holds has changed. */
  readonly onChange: () => void;
}

/**
 * Takes the requests of one code from the store, the oldest first, and has them delivered: so many
 * at once, so many a second, and none while nobody is there to take them.
 */
export class Deliveries {
  readonly #code: string;
  readonly #context: DeliveriesContext;
  readonly #patience: Deadlines<Exchange>;
  #policy: QueuePolicy = QUEUE_DEFAULTS;
  #rate: Rate;
  /** What a person wants delivered although deliveries are paused: ids. */
  #chosen: string[] = [];
  #inHand = 0;
  #unsettled = 0;
  #leasing = false;
  #again = false;
  #stopped = false;
  /** Times in a row that nobody could take a request. */
  #held = 0;
  #heldUntil = 0;
  #timer: Timer | undefined;
  #quiet: Promise<void> | undefined;
  #onQuiet: (() => void) | undefined;

  constructor(code: string, context: DeliveriesContext) {
    this.#code = code;
    this.#context = context;
    const { clock, limits } = context;
    this.#rate = new Rate(0, clock.monotonic());
    this.#patience = new Deadlines(
      deadlineTime(clock),
      limits.maxTimeoutResponse * 1000,
      (exchange) => exchange.fail({ code: 'response_timeout', detail: 'No answer came in time.' }),
    );
  }

  get paused(): boolean {
    return this.#policy.paused;
  }

  use(policy: QueuePolicy): void {
    const { perSecond } = this.#policy;
    this.#policy = policy;
    // Everything is delivered, and these in their turn.
    if (!policy.paused) this.#chosen = [];
    if (policy.perSecond !== perSecond) {
      this.#rate = new Rate(policy.perSecond, this.#context.clock.monotonic());
    }
    this.wake();
  }

  /** Somebody came who may take a request, or changed what kept them from it: tries at once. */
  tryNow(): void {
    this.#held = 0;
    this.#heldUntil = 0;
    this.wake();
  }

  /** Has these delivered at once, even while deliveries are paused. */
  choose(ids: readonly string[]): void {
    if (this.#policy.paused) this.#chosen.push(...ids);
    this.tryNow();
  }

  /** There may be something to deliver. */
  wake(): void {
    if (this.#leasing) {
      this.#again = true;
      return;
    }
    if (this.#room() > 0) void this.#lease();
  }

  /** Begins no further delivery. Resolves once those under way are over, and what became of them is on disk. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#quiet ??= new Promise((resolve) => {
      this.#onQuiet = resolve;
    });
    this.#tellIfQuiet();
    return this.#quiet;
  }

  /** How many deliveries may begin now; if none, a timer wakes for what only takes time. */
  #room(): number {
    const { clock, store, tunnels } = this.#context;
    if (this.#stopped || !tunnels.served(this.#code)) return 0;
    const waiting = this.#policy.paused
      ? this.#chosen.length
      : store.counts(this.#code).waiting - this.#inHand;
    const places = Math.min(waiting, this.#policy.parallel - this.#inHand);
    if (places <= 0) return 0;
    const now = clock.monotonic();
    if (now < this.#heldUntil) {
      this.#wakeIn(this.#heldUntil - now);
      return 0;
    }
    const { count, inMs } = this.#rate.room(now);
    if (count === 0) this.#wakeIn(inMs);
    return Math.min(places, count);
  }

  async #lease(): Promise<void> {
    this.#leasing = true;
    try {
      // With all that there was room for, there may soon be room for more: the rate has to tell when.
      let filled: boolean;
      do {
        this.#again = false;
        const room = this.#room();
        if (room === 0) break;
        const only = this.#policy.paused ? this.#chosen.splice(0, room) : undefined;
        const { entries, nextDueInMs } = await this.#context.store.lease(this.#code, room, only);
        if (entries.length > 0) failPoint('leased');
        this.#rate.take(entries.length);
        for (const entry of entries) {
          if (this.#stopped) void this.#settle({ id: entry.id, ...NOT_BEGUN });
          else this.#deliver(entry);
        }
        // Of those that a person named, some may have gone; the rest is still to be taken.
        filled = entries.length === room || only !== undefined;
        if (!filled && nextDueInMs !== undefined) this.#wakeIn(nextDueInMs);
      } while (this.#again || filled);
    } catch (error) {
      this.#context.log.error({ code: this.#code, error: String(error) }, 'queue cannot be read');
      this.#wakeIn(STORE_PAUSE_MS);
    } finally {
      this.#leasing = false;
      this.#tellIfQuiet();
    }
  }

  #deliver(entry: Leased): void {
    const { clock, store, tunnels, limits } = this.#context;
    const { head, body } = entry;
    const { receivedAt, ...request } = head;
    const fields = [...head.fields, ...queuedFields(entry.id, entry.attempt, receivedAt)];
    const exchange: Exchange = new Exchange({
      id: newId(),
      code: this.#code,
      head: { ...request, fields },
      body:
        body.kind === 'spooled'
          ? new StoredBody(
              body.size,
              body.trailers,
              () => store.openBody(entry),
              () => this.#patience.restart(deadline),
            )
          : new HeldBody(body.kind === 'inline' ? body.bytes : undefined),
      caller: new DeliveryCaller(
        (end) => this.#ended(entry, end),
        () => exchange.acknowledged,
      ),
      receivedAt,
      patienceMs: Math.max(0, clock.wall() - receivedAt) + limits.maxTimeoutResponse * 1000,
      attempt: entry.attempt,
      queued: entry.id,
    });
    this.#inHand += 1;
    const deadline = this.#patience.add(exchange);
    exchange.onEnd(() => {
      this.#patience.remove(deadline);
      exchange.body.discard();
      this.#inHand -= 1;
      this.wake();
      this.#tellIfQuiet();
    });
    tunnels.route(this.#code).offer(exchange);
  }

  #ended(entry: Leased, end: DeliveryEnd): void {
    const { clock, limits, random, log } = this.#context;
    failPoint('reply_before_commit');
    const verdict = verdictOn(end, {
      failures: entry.failures,
      maxFailures: limits.queueAttempts,
      refused: this.#policy.refused,
      now: clock.wall(),
      random: random(),
    });
    if (verdict.kind === 'hold') this.#hold();
    else this.#held = 0;
    if (verdict.kind === 'dead') {
      const { id, attempt } = entry;
      log.warn({ code: this.#code, id, attempt, reason: verdict.reason }, 'given up: dead letter');
    }
    void this.#settle({ id: entry.id, ...settlementOf(verdict) });
  }

  async #settle(settlement: Settlement): Promise<void> {
    const { clock, store, log, onChange } = this.#context;
    this.#unsettled += 1;
    try {
      await store.settle([settlement]);
      onChange();
    } catch (error) {
      log.error({ code: this.#code, error: String(error) }, 'delivery not settled');
      // Nobody else would ever take it out of delivery, but the next start, which delivers it again.
      if (!this.#stopped) clock.after(STORE_PAUSE_MS, () => void this.#settle(settlement));
    } finally {
      this.#unsettled -= 1;
      // What waits for its time again is known to the store alone.
      this.wake();
      this.#tellIfQuiet();
    }
  }

  #hold(): void {
    const { clock, random } = this.#context;
    const now = clock.monotonic();
    // Deliveries that were under way together say one thing, and not one each.
    if (now < this.#heldUntil) return;
    this.#heldUntil = now + pauseMs(this.#held, HOLD_FIRST_MS, HOLD_LONGEST_MS, random());
    this.#held += 1;
  }

  #wakeIn(ms: number): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#timer = this.#context.clock.after(Math.min(ms, 2 ** 31 - 1), () => this.wake());
  }

  #tellIfQuiet(): void {
    if (this.#inHand === 0 && this.#unsettled === 0 && !this.#leasing) this.#onQuiet?.();
  }
}

const NOT_BEGUN = {
  kind: 'retry',
  dueInMs: 0,
  reason: 'the proxy was stopped',
  counts: false,
} as const;

type Outcome = Settlement extends infer S ? (S extends unknown ? Omit<S, 'id'> : never) : never;

function settlementOf(verdict: Verdict): Outcome {
  switch (verdict.kind) {
    case 'done':
      return { kind: 'done' };
    case 'dead':
      return { kind: 'dead', reason: verdict.reason };
    case 'retry':
      return { kind: 'retry', dueInMs: verdict.afterMs, reason: verdict.reason, counts: true };
    case 'hold':
      return { kind: 'retry', dueInMs: 0, reason: verdict.reason, counts: false };
  }
}
