import type { Limits } from '../config/limits.ts';
import {
  type Deadline,
  Deadlines,
  encodeCancel,
  encodeDraining,
  encodeExchange,
  encodeTakenOver,
  encodeWaiting,
  type HelloRequest,
  type Identified,
  IdTable,
  type Problem,
  WIRE_LIMITS,
} from '../protocol/index.ts';
import { type Clock, deadlineTime, type Exchange, newId, type Timer } from '../routing/index.ts';
import type { Part, Poll } from './poll.ts';

/** So many exchanges are worth an answer of their own at once. */
const BATCH = 16;

const TAKEN_OVER = 'Another agent took the tunnel over while this request was on its way.';

/** Where a session takes its work from, and whom it tells of its end. */
export interface WorkSource {
  /** The oldest exchange that waits. */
  next(): Exchange | undefined;
  /** How many wait. */
  readonly waiting: number;
  /** Takes back what could not be handed over. */
  putBack(exchanges: readonly Exchange[]): void;
  /** Takes an exchange out that was put back. */
  withdraw(exchange: Exchange): void;
  /** The agent has had no poll open for the grace time. */
  onLost(session: Session): void;
}

/** An exchange in the agent's hands. */
interface Handed extends Identified<Handed> {
  readonly exchange: Exchange;
  state: 'leased' | 'acknowledged' | 'waiting again';
  /** The answer that it last left in. */
  lease: Lease;
  /** The agent itself ended it, and need not be told. */
  failedByAgent: boolean;
}

/** What one poll's answer carried; forgotten once all of it is acknowledged or over. */
interface Lease {
  readonly items: Handed[];
  missing: number;
  deadline: Deadline<Lease> | undefined;
}

/**
 * One agent's stay: its open polls, and the exchanges in its hands. An exchange that was handed out
 * but not acknowledged in time goes to another poll of the same session, where the agent recognises
 * it by its id. It never goes to another agent by itself: this one may have called the target.
 */
export class Session {
  readonly id = newId();
  readonly hello: HelloRequest;
  readonly #source: WorkSource;
  readonly #polls: Poll[] = [];
  readonly #handed = new IdTable<Handed>();
  readonly #notices: string[] = [];
  readonly #grace: Timer;
  readonly #leases: Deadlines<Lease>;
  #flushing = false;
  /** Whether new exchanges may be given to it; not once it was taken over or is being drained. */
  #serving = true;
  /** The proxy is going down: an agent that has stopped polling may still be answering. */
  #draining = false;
  #ended = false;

  constructor(hello: HelloRequest, source: WorkSource, limits: Limits, clock: Clock) {
    this.hello = hello;
    this.#source = source;
    const ackMs = limits.ackTimeout * 1000;
    this.#leases = new Deadlines(deadlineTime(clock), ackMs, (lease) => this.#takeBack(lease));
    this.#grace = clock.after(limits.agentGrace * 1000, () => this.#onGrace());
  }

  get polls(): number {
    return this.#polls.length;
  }

  /** How many exchanges are in the agent's hands. */
  get inHand(): number {
    return this.#handed.size;
  }

  /** The exchange with that id, if it is in this agent's hands and open. */
  find(id: string): Exchange | undefined {
    return this.#handed.find(id)?.exchange;
  }

  /** The agent says that there will be no answer. False: it came too late. */
  failByAgent(id: string, problem: Problem): boolean {
    const handed = this.#handed.find(id);
    if (handed === undefined) return false;
    handed.failedByAgent = true;
    return handed.exchange.fail(problem);
  }

  addPoll(poll: Poll): void {
    // The session may have ended while the poll's own body was on its way.
    if (this.#ended) return poll.answerEmpty();
    this.#polls.push(poll);
    this.#scheduleFlush();
  }

  /** Answers a poll of this session's that has waited long enough. */
  endPoll(poll: Poll): void {
    if (this.#removePoll(poll)) poll.answerEmpty();
  }

  /** A poll's connection broke while it waited. */
  dropPoll(poll: Poll): void {
    if (this.#removePoll(poll)) poll.forget();
  }

  /** The agent has these; for a tunnel that answers at once, that settles them. */
  acknowledge(ids: readonly string[]): void {
    for (const id of ids) {
      const handed = this.#handed.find(id);
      if (handed === undefined) continue;
      if (handed.state === 'leased') this.#endLease(handed);
      // It stands in the queue again if the acknowledgement was slow.
      if (handed.state === 'waiting again') this.#source.withdraw(handed.exchange);
      handed.state = 'acknowledged';
      this.acceptIfComplete(handed.exchange);
    }
  }

  /**
   * Answers 202 if that is the tunnel's policy and the agent has the whole request. An upgrade is
   * live whatever the policy: there is nothing else that its caller could want.
   */
  acceptIfComplete(exchange: Exchange): void {
    if (this.hello.policy.reply !== 'accept' || exchange.body.form.kind === 'upgrade') return;
    if (exchange.body.finished) exchange.accept();
  }

  /** There is new work, or a notice: wakes a poll at the end of this turn of the event loop. */
  wake(): void {
    this.#scheduleFlush();
  }

  /** Another agent has the code now. What is in this one's hands may still be answered. */
  retire(by: string): void {
    this.#serving = false;
    for (const { exchange, state } of this.#handed.values()) {
      // This agent may have it all the same, so the next one must not get it.
      if (state === 'waiting again') exchange.fail({ code: 'agent_lost', detail: TAKEN_OVER });
    }
    this.#notices.push(encodeTakenOver(by));
    this.#scheduleFlush();
    this.#grace.refresh();
  }

  /** The proxy is going down: ends the polls with a notice. The agent may finish what it has. */
  drain(): void {
    this.#draining = true;
    this.#notices.push(encodeDraining());
    this.#scheduleFlush();
  }

  /**
   * The agent says good-bye after it acknowledged all that it took. What else it was handed it never
   * saw, so that another agent may have it.
   */
  bye(detail: string): void {
    const unseen = this.#handed.values().filter(({ state }) => state !== 'acknowledged');
    for (const handed of unseen) this.#handed.remove(handed);
    const leased = unseen.filter(({ state, exchange }) => state === 'leased' && exchange.open);
    this.#source.putBack(leased.map(({ exchange }) => exchange));
    this.end(detail);
  }

  /** Ends the session: what is in the agent's hands fails. */
  end(detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#grace.cancel();
    for (const poll of this.#polls.splice(0)) poll.answerEmpty();
    for (const { exchange } of this.#handed.values()) {
      exchange.fail({ code: 'agent_lost', detail });
    }
  }

  #removePoll(poll: Poll): boolean {
    const at = this.#polls.indexOf(poll);
    if (at < 0) return false;
    this.#polls.splice(at, 1);
    if (this.#polls.length === 0) this.#grace.refresh();
    return true;
  }

  #onGrace(): void {
    if (this.#ended || this.#draining) return;
    // With a poll open the agent is there; the time starts over when the last one goes.
    if (this.#polls.length === 0) this.#source.onLost(this);
  }

  #scheduleFlush(): void {
    // Under load the agent works on the first ones while the rest of this turn is still read.
    if (this.#polls.length > 0 && this.#source.waiting >= BATCH) return this.#flush();
    if (this.#flushing) return;
    this.#flushing = true;
    // All that arrives in one turn of the event loop travels together.
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#polls.length > 0 && !this.#ended) {
      const hasNotices = this.#notices.length > 0;
      const at = this.#polls.findIndex((poll) => hasNotices || this.#hasWorkFor(poll));
      const [poll] = at < 0 ? [] : this.#polls.splice(at, 1);
      if (poll === undefined) return;
      if (this.#polls.length === 0) this.#grace.refresh();
      this.#answer(poll);
    }
  }

  #hasWorkFor(poll: Poll): boolean {
    return this.#serving && poll.capacity > 0 && this.#source.waiting > 0;
  }

  #answer(poll: Poll): void {
    const parts: Part[] = this.#notices.splice(0);
    const lease: Lease = { items: [], missing: 0, deadline: undefined };
    let size = 0;
    while (lease.items.length < poll.capacity && size < WIRE_LIMITS.batch && this.#serving) {
      const exchange = this.#source.next();
      if (exchange === undefined) break;
      const body = exchange.body.bytes;
      const text = encodeExchange(
        {
          id: exchange.id,
          ...exchange.head,
          receivedAt: exchange.receivedAt,
          patienceMs: exchange.patienceMs,
          // Handed out again is not delivered again: the agent knows the id.
          attempt: 1,
          body: exchange.body.form,
        },
        body.length,
      );
      parts.push(text);
      if (body.length > 0) parts.push(body);
      size += text.length + body.length;
      this.#hand(exchange, lease);
    }
    const left = this.#serving ? this.#source.waiting : 0;
    if (left > 0) parts.push(encodeWaiting(left));
    poll.answer(parts, () => this.#takeBack(lease));
    lease.missing = lease.items.length;
    if (lease.missing > 0) lease.deadline = this.#leases.add(lease);
  }

  #hand(exchange: Exchange, lease: Lease): void {
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
      if (handed.state === 'leased') this.#endLease(handed);
      if (end.kind === 'answered' || end.kind === 'accepted' || this.#ended) return;
      if (handed.failedByAgent) return;
      const reason = end.kind === 'gone' ? end.reason : 'response_timeout';
      this.#notices.push(encodeCancel(exchange.id, reason));
      this.#scheduleFlush();
    });
  }

  /** One item of a lease is acknowledged or over. */
  #endLease({ lease }: Handed): void {
    lease.missing -= 1;
    if (lease.missing === 0 && lease.deadline !== undefined) this.#leases.remove(lease.deadline);
  }

  /** Puts what the agent did not acknowledge in front of the queue. */
  #takeBack(lease: Lease): void {
    if (lease.deadline !== undefined) this.#leases.remove(lease.deadline);
    if (this.#ended || !this.#serving) return;
    const missing = lease.items.filter(
      (handed) => handed.lease === lease && handed.state === 'leased' && handed.exchange.open,
    );
    for (const handed of missing) handed.state = 'waiting again';
    if (missing.length > 0) this.#source.putBack(missing.map(({ exchange }) => exchange));
  }
}
