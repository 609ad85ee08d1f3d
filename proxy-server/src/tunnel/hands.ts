import { type Deadline, Deadlines, type Identified, IdTable } from '../protocol/index.ts';
import { type Clock, deadlineTime, type Exchange, type ExchangeEnd } from '../routing/index.ts';

/** An exchange in the agent's hands. */
export interface Handed extends Identified<Handed> {
  readonly exchange: Exchange;
  state: 'leased' | 'acknowledged' | 'waiting again';
  /** The answer that it last left in. */
  lease: Lease;
  /** The agent itself ended it, and need not be told. */
  failedByAgent: boolean;
}

/** What one poll's answer carried; forgotten once all of it is acknowledged or over. */
export interface Lease {
  readonly items: Handed[];
  missing: number;
  deadline: Deadline<Lease> | undefined;
}

/**
 * What one agent was handed and has not finished, and which of it the agent has said that it has.
 * What it does not acknowledge in time is to be handed to it again.
 */
export class Hands {
  readonly #handed = new IdTable<Handed>();
  readonly #leases: Deadlines<Lease>;
  readonly #onEnd: (handed: Handed, end: ExchangeEnd) => void;

  /** `onLate`: not all of an answer was acknowledged within `ackMs` milliseconds. */
  constructor(
    ackMs: number,
    clock: Clock,
    onLate: (lease: Lease) => void,
    onEnd: (handed: Handed, end: ExchangeEnd) => void,
  ) {
    this.#leases = new Deadlines(deadlineTime(clock), ackMs, onLate);
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#handed.size;
  }

  find(id: string): Handed | undefined {
    return this.#handed.find(id);
  }

  values(): Handed[] {
    return this.#handed.values();
  }

  /** Begins the answer to a poll. */
  lease(): Lease {
    return { items: [], missing: 0, deadline: undefined };
  }

  /** Puts an exchange into an answer; for the second time if it was not acknowledged. */
  put(exchange: Exchange, lease: Lease): void {
    const known = this.#handed.find(exchange.id);
    if (known !== undefined) {
      known.state = 'leased';
      known.lease = lease;
      lease.items.push(known);
      return;
    }
    const { id } = exchange;
    const handed: Handed = {
      id,
      exchange,
      state: 'leased',
      lease,
      failedByAgent: false,
      nextInTable: undefined,
    };
    lease.items.push(handed);
    this.#handed.add(handed);
    exchange.onEnd((end) => {
      this.#handed.remove(handed);
      if (handed.state === 'leased') this.#settle(handed);
      this.#onEnd(handed, end);
    });
  }

  /** The answer has left. */
  sent(lease: Lease): void {
    lease.missing = lease.items.length;
    if (lease.missing > 0) lease.deadline = this.#leases.add(lease);
  }

  /** The agent has it. */
  acknowledge(handed: Handed): void {
    if (handed.state === 'leased') this.#settle(handed);
    handed.state = 'acknowledged';
    handed.exchange.acknowledged = true;
  }

  /** Takes out what the agent never saw, and returns it. */
  takeUnseen(): Handed[] {
    const unseen = this.#handed.values().filter(({ state }) => state !== 'acknowledged');
    for (const handed of unseen) this.#handed.remove(handed);
    return unseen;
  }

  /** Ends an answer; returns what of it is still open and not acknowledged. */
  takeBack(lease: Lease): Handed[] {
    this.forget(lease);
    return lease.items.filter(
      (handed) => handed.lease === lease && handed.state === 'leased' && handed.exchange.open,
    );
  }

  /** Nobody waits for the rest of an answer to be acknowledged. */
  forget(lease: Lease): void {
    if (lease.deadline !== undefined) this.#leases.remove(lease.deadline);
  }

  /** One item of a lease is acknowledged or over. */
  #settle({ lease }: Handed): void {
    lease.missing -= 1;
    if (lease.missing === 0) this.forget(lease);
  }
}
