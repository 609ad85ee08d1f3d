import type { Limits } from '../config/limits.ts';
import {
  encodeCancel,
  encodeDraining,
  encodeExchange,
  encodeTakenOver,
  encodeWaiting,
  type HelloRequest,
  type Problem,
  WIRE_LIMITS,
} from '../protocol/index.ts';
import { type Clock, type Exchange, failPoint, newId, type Timer } from '../routing/index.ts';
import { Hands, type Lease } from './hands.ts';
import { OpenPolls } from './open-polls.ts';
import type { Part, Poll } from './poll.ts';
import { WaitingQueue } from './waiting.ts';

/** So many exchanges are worth an answer of their own at once. */
const BATCH = 16;

const DRAINING: Problem = { code: 'draining', detail: 'Try again shortly.', retryAfter: 5 };

const TAKEN_OVER = 'Another agent took the tunnel over while this request was on its way.';

/** Where a session takes its work from, and whom it tells of its end. */
export interface WorkSource {
  /** The oldest exchange that waits for any agent of the code. */
  next(): Exchange | undefined;
  /** How many of those that wait are this session's to take now. */
  waitingFor(session: Session): number;
  /** How many wait beyond what the open polls of all agents are about to take. */
  waitingBeyond(session: Session): number;
  /** Takes back what this agent never saw, for another one. */
  putBack(exchanges: readonly Exchange[]): void;
  /** So many exchanges were not acknowledged in time. */
  onUnacknowledged(count: number): void;
  /** Polls of the session's were answered or went away. */
  onFewerPolls(): void;
  /** The session has a poll that takes work, after it had been away. */
  onBack(): void;
  /** The agent has had no poll open for the grace time. */
  onLost(session: Session): void;
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
  readonly #polls = new OpenPolls();
  readonly #hands: Hands;
  /** What this agent alone may have: what it did not acknowledge in time, and what was meant for it. */
  readonly #own = new WaitingQueue();
  readonly #notices: string[] = [];
  readonly #grace: Timer;
  #flushing = false;
  /** Whether new exchanges may be given to it; not once it was taken over or is being drained. */
  #serving = true;
  /** The proxy is going down: an agent that has stopped polling may still be answering. */
  #draining = false;
  #ended = false;
  #copies = 0;
  /** Whether it has ever had a poll open. */
  #polled = false;

  constructor(hello: HelloRequest, source: WorkSource, limits: Limits, clock: Clock) {
    this.hello = hello;
    this.#source = source;
    const ackMs = limits.ackTimeout * 1000;
    this.#hands = new Hands(
      ackMs,
      clock,
      (lease) => this.#takeBack(lease),
      ({ exchange, failedByAgent }, end) => {
        if (end.kind === 'answered' || end.kind === 'accepted' || this.#ended) return;
        if (failedByAgent) return;
        const reason = end.kind === 'gone' ? end.reason : 'response_timeout';
        this.notify(encodeCancel(exchange.id, reason));
      },
    );
    this.#grace = clock.after(limits.agentGrace * 1000, () => this.#onGrace());
  }

  get polls(): number {
    return this.#polls.size;
  }

  /** How many exchanges are in the agent's hands. */
  get inHand(): number {
    return this.#hands.size;
  }

  /** How many exchanges wait for this agent alone. */
  get waiting(): number {
    return this.#own.size;
  }

  /** How many copies wait for this agent or are in its hands. */
  get copies(): number {
    return this.#copies;
  }

  /**
   * Whether it is about to be lost or to leave: the connection of its last poll broke, or its polls
   * ask for notices alone. Between two polls it is there.
   */
  get away(): boolean {
    return this.#polls.brokeOff || (this.#polls.size > 0 && this.#polls.room === 0);
  }

  /** How many exchanges its open polls may bring. */
  get room(): number {
    return this.#serving ? this.#polls.room : 0;
  }

  /** The lower, the longer its oldest poll with room has been open. */
  get longestPoll(): number {
    return this.#polls.longest;
  }

  /** The exchange with that id, if it is in this agent's hands and open. */
  find(id: string): Exchange | undefined {
    return this.#hands.find(id)?.exchange;
  }

  /** The agent says that there will be no answer. False: it came too late. */
  failByAgent(id: string, problem: Problem): boolean {
    const handed = this.#hands.find(id);
    if (handed === undefined) return false;
    handed.failedByAgent = true;
    return handed.exchange.fail(problem);
  }

  addPoll(poll: Poll): void {
    // The session may have ended while the poll's own body was on its way.
    if (this.#ended) return poll.answerEmpty();
    const wasAway = this.away || !this.#polled;
    this.#polls.add(poll);
    this.#polled = true;
    if (wasAway && !this.away) this.#source.onBack();
    this.#scheduleFlush();
  }

  /** Answers a poll of this session's that has waited long enough. */
  endPoll(poll: Poll): void {
    if (!this.#polls.remove(poll)) return;
    poll.answerEmpty();
    this.#onPollGone();
  }

  /** A poll's connection broke while it waited. */
  dropPoll(poll: Poll): void {
    if (!this.#polls.drop(poll)) return;
    poll.forget();
    this.#onPollGone();
  }

  /** The agent has these; for a tunnel that answers at once, that settles them. */
  acknowledge(ids: readonly string[]): void {
    for (const id of ids) {
      const handed = this.#hands.find(id);
      if (handed === undefined) continue;
      // It stands in the queue again if the acknowledgement was slow.
      if (handed.state === 'waiting again') this.#own.withdraw(handed.exchange);
      this.#hands.acknowledge(handed);
      this.acceptIfComplete(handed.exchange);
    }
  }

  /**
   * Once the agent has the whole request: answers 202 if that is the policy, or ends a copy. An
   * upgrade is live whatever the policy: there is nothing else that its caller could want. What comes
   * from the queue is settled by the reply.
   */
  acceptIfComplete(exchange: Exchange): void {
    if (exchange.body.form.kind === 'upgrade') return;
    const accepts = this.hello.policy.reply === 'accept' && exchange.queued === undefined;
    if ((accepts || exchange.isCopy) && exchange.body.finished) exchange.accept();
  }

  /** Tells the agent something, with the next poll. */
  notify(record: string): void {
    this.#notices.push(record);
    this.#scheduleFlush();
  }

  /** Has this agent alone get the exchange. */
  give(exchange: Exchange): void {
    if (exchange.isCopy) {
      this.#copies += 1;
      exchange.onEnd(() => (this.#copies -= 1));
    }
    this.#own.push(exchange);
    this.#scheduleFlush();
  }

  /** Takes out what waits for this agent alone, and that it has not been given yet. */
  reclaim(wanted: (exchange: Exchange) => boolean): Exchange[] {
    return this.#own.reclaim(
      (exchange) =>
        !exchange.isCopy && this.#hands.find(exchange.id) === undefined && wanted(exchange),
    );
  }

  /** Gives the exchange itself in place of a copy that the agent has not been given yet, if there is one. */
  giveForCopy(exchange: Exchange): boolean {
    if (this.#hands.find(exchange.id) !== undefined) return false;
    const copy = this.#own.values().find(({ id }) => id === exchange.id);
    if (copy === undefined) return false;
    copy.left();
    this.give(exchange);
    return true;
  }

  /** There is new work, or a notice: wakes a poll at the end of this turn of the event loop. */
  wake(): void {
    this.#scheduleFlush();
  }

  /**
   * Another agent has the code, or the place, now. What is in this one's hands may still be answered;
   * what it never saw is returned.
   */
  retire(by: string): readonly Exchange[] {
    this.#serving = false;
    for (const { exchange, state } of this.#hands.values()) {
      // This agent may have it all the same, so the next one must not get it.
      if (state === 'waiting again') exchange.fail({ code: 'agent_lost', detail: TAKEN_OVER });
    }
    this.#notices.push(encodeTakenOver(by));
    this.#scheduleFlush();
    this.#grace.refresh();
    return this.#unseen();
  }

  /** The proxy is going down: ends the polls with a notice. The agent may finish what it has. */
  drain(): void {
    this.#draining = true;
    for (const exchange of this.#own.values()) exchange.fail(DRAINING);
    this.#notices.push(encodeDraining());
    this.#scheduleFlush();
  }

  /**
   * The agent says good-bye after it acknowledged all that it took. What else it was handed it never
   * saw, so that another agent may have it.
   */
  bye(detail: string): void {
    const unseen = this.#hands.takeUnseen();
    for (const { exchange } of unseen) if (exchange.isCopy) exchange.left();
    const leased = unseen.filter(({ state, exchange }) => state === 'leased' && exchange.open);
    this.#source.putBack([...leased.map(({ exchange }) => exchange), ...this.#unseen()]);
    this.end(detail);
  }

  /** Ends the session: what is in the agent's hands fails. */
  end(detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#grace.cancel();
    for (const poll of this.#polls.takeAll()) poll.answerEmpty();
    for (const { exchange } of this.#hands.values()) {
      exchange.fail({ code: 'agent_lost', detail });
    }
    this.#source.putBack(this.#unseen());
  }

  /** Takes out what was meant for the agent and not given to it. Copies were for this one alone. */
  #unseen(): Exchange[] {
    const exchanges = this.#own.takeAll();
    for (const exchange of exchanges) if (exchange.isCopy) exchange.left();
    return exchanges.filter(({ isCopy }) => !isCopy);
  }

  #onPollGone(): void {
    if (this.#polls.size === 0) this.#grace.refresh();
    this.#source.onFewerPolls();
  }

  #onGrace(): void {
    if (this.#ended || this.#draining) return;
    // With a poll open the agent is there; the time starts over when the last one goes.
    if (this.#polls.size === 0) this.#source.onLost(this);
  }

  /** How many exchanges the agent may be given now. */
  #work(): number {
    return this.#serving ? this.#own.size + this.#source.waitingFor(this) : 0;
  }

  #scheduleFlush(): void {
    // Under load the agent works on the first ones while the rest of this turn is still read.
    if (this.#polls.size > 0 && this.#work() >= BATCH) return this.#flush();
    if (this.#flushing) return;
    this.#flushing = true;
    // All that arrives in one turn of the event loop travels together.
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    let answered = false;
    while (this.#polls.size > 0 && !this.#ended) {
      const work = this.#work();
      const hasNotices = this.#notices.length > 0;
      const poll = hasNotices || work > 0 ? this.#polls.take(!hasNotices) : undefined;
      if (poll === undefined) break;
      if (this.#polls.size === 0) this.#grace.refresh();
      this.#answer(poll, Math.min(poll.capacity, work));
      answered = true;
    }
    if (answered) this.#source.onFewerPolls();
  }

  #answer(poll: Poll, most: number): void {
    const parts: Part[] = this.#notices.splice(0);
    const lease = this.#hands.lease();
    let size = 0;
    while (lease.items.length < most && size < WIRE_LIMITS.batch) {
      const exchange = this.#own.size > 0 ? this.#own.shift() : this.#source.next();
      if (exchange === undefined) break;
      const body = exchange.body.bytes;
      const text = encodeExchange(
        {
          id: exchange.id,
          ...exchange.head,
          receivedAt: exchange.receivedAt,
          patienceMs: exchange.patienceMs,
          // Handed out again is not delivered again: the agent knows the id.
          attempt: exchange.attempt,
          copy: exchange.isCopy,
          ...(exchange.queued !== undefined && { queued: exchange.queued }),
          body: exchange.body.form,
        },
        body.length,
      );
      parts.push(text);
      if (body.length > 0) parts.push(body);
      size += text.length + body.length;
      this.#hands.put(exchange, lease);
    }
    const left = this.#serving ? this.#own.size + this.#source.waitingBeyond(this) : 0;
    if (left > 0) parts.push(encodeWaiting(left));
    poll.answer(parts, () => this.#takeBack(lease));
    if (lease.items.length > 0) failPoint('poll_answered');
    this.#hands.sent(lease);
  }

  /** Puts what the agent did not acknowledge in front of the queue. */
  #takeBack(lease: Lease): void {
    const missing = this.#hands.takeBack(lease);
    if (this.#ended || !this.#serving || missing.length === 0) return;
    for (const handed of missing) handed.state = 'waiting again';
    this.#source.onUnacknowledged(missing.length);
    this.#own.unshift(missing.map(({ exchange }) => exchange));
    this.#scheduleFlush();
  }
}
