import type { HelloRequest, Problem, Share } from '../protocol/index.ts';
import type { Exchange, Route, Timer } from '../routing/index.ts';
import { fairShare } from './balance.ts';
import { Broadcast, leaderOf } from './broadcast.ts';
import { inUse, isPredecessor, mayJoin, mayTake, samePolicy, shareOf } from './joining.ts';
import type { TunnelParts } from './parts.ts';
import { Session, type WorkSource } from './session.ts';
import { WaitingQueue } from './waiting.ts';

export interface TunnelContext extends TunnelParts {
  /** A session is over and its id means nothing any more. */
  onSessionEnd(session: Session): void;
  /** Nobody serves the code and nothing waits for it. */
  onIdle(tunnel: Tunnel): void;
  /** Agents have come or gone, or one has polls again. */
  onPresence(): void;
  /** A request was refused since no agent came for it. */
  onRefused(): void;
}

export type Attached =
  | {
      readonly kind: 'session';
      readonly session: Session;
      /** False: the same agent goes on. */
      readonly isNew: boolean;
    }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** One code: the requests that wait for an agent, and the agents that serve it, most often one. */
export class Tunnel implements Route, WorkSource {
  readonly code: string;
  readonly #context: TunnelContext;
  readonly #waiting = new WaitingQueue();
  /** Ends the wait of exchanges that arrived while no agent was there. */
  readonly #patience = new Map<Exchange, Timer>();
  /** Those who serve the code, in the order in which they joined. */
  #members: readonly Session[] = [];
  #broadcast: Broadcast | undefined;
  /** Sessions whose code was taken over and whose exchanges are still being answered. */
  readonly #retired = new Set<Session>();
  #inFlight = 0;
  #upgrades = 0;

  constructor(code: string, context: TunnelContext) {
    this.code = code;
    this.#context = context;
  }

  offer(exchange: Exchange): void {
    const { limits } = this.#context;
    if (this.#inFlight >= limits.maxInFlightPerCode) {
      exchange.fail({
        code: 'too_many_in_flight',
        detail: `The limit is ${limits.maxInFlightPerCode} requests in flight for one tunnel.`,
        retryAfter: 1,
      });
      return;
    }
    const leader = this.#share === 'broadcast' ? leaderOf(this.#members) : undefined;
    const waiting = leader === undefined ? this.#waiting.size : leader.waiting;
    if (waiting >= limits.buffer) {
      exchange.fail({
        code: 'too_many_waiting',
        detail: `${limits.buffer} requests wait for this tunnel's agent already.`,
        retryAfter: 1,
      });
      return;
    }
    const isUpgrade = exchange.body.form.kind === 'upgrade';
    if (isUpgrade && this.#upgrades >= limits.maxUpgradesPerCode) {
      exchange.fail({
        code: 'too_many_waiting',
        detail: `The limit is ${limits.maxUpgradesPerCode} WebSockets for one tunnel.`,
        retryAfter: 1,
      });
      return;
    }
    this.#inFlight += 1;
    if (isUpgrade) this.#upgrades += 1;
    exchange.onEnd(() => {
      this.#inFlight -= 1;
      if (isUpgrade) this.#upgrades -= 1;
      this.#forgetPatience(exchange);
      this.#checkIdle();
    });
    if (leader !== undefined) return this.#toAll(exchange, leader);
    this.#waiting.push(exchange);
    if (this.#members.length === 0) this.#startPatience(exchange);
    else this.#wake();
  }

  next(): Exchange | undefined {
    return this.#waiting.shift();
  }

  waitingFor(session: Session): number {
    const { size } = this.#waiting;
    return size === 0 || this.#members.length === 1
      ? size
      : fairShare(this.#members, session, size);
  }

  waitingBeyond(session: Session): number {
    const { size } = this.#waiting;
    if (size === 0 || this.#members.length === 1) return size;
    // What the others have room for is theirs.
    const left = this.#members.reduce((sum, one) => (one === session ? sum : sum - one.room), size);
    return Math.max(0, left);
  }

  putBack(exchanges: readonly Exchange[]): void {
    if (exchanges.length === 0) return;
    if (this.#share === 'broadcast') {
      for (const exchange of exchanges) this.#replaceLeader(exchange);
      return;
    }
    this.#context.log.info({ count: exchanges.length }, 'not seen by its agent, waits again');
    this.#waiting.unshift(exchanges);
    if (this.#members.length > 0) return this.#wake();
    for (const exchange of exchanges) this.#startPatience(exchange);
  }

  onUnacknowledged(count: number): void {
    this.#context.log.info({ count }, 'not acknowledged, handed out again');
  }

  onFewerPolls(): void {
    // What was meant for those polls may be for another agent now.
    if (this.#members.length > 1 && this.#waiting.size > 0) this.#wake();
  }

  onBack(): void {
    this.#context.onPresence();
  }

  /** Whether an agent is there that takes work, as far as one can tell. */
  get served(): boolean {
    return this.#members.some(({ away }) => !away);
  }

  /** Tells every agent something, with its next poll. */
  notify(record: string): void {
    for (const member of this.#members) member.notify(record);
  }

  /** Whether that agent has the code already. */
  serves(instance: string): boolean {
    return this.#members.some(({ hello }) => hello.instance === instance);
  }

  /** Gives the code, or a share in it, to the agent that says hello, or says why not. */
  attach(hello: HelloRequest): Attached {
    const same = this.#members.find((member) => member.hello.instance === hello.instance);
    if (same !== undefined && samePolicy(same.hello.policy, hello.policy)) {
      return { kind: 'session', session: same, isNew: false };
    }
    const others = this.#members.filter((member) => member !== same);
    const joins = !hello.takeover && mayJoin(others, hello);
    if (!joins && !mayTake(others, hello)) {
      return { kind: 'refused', problem: inUse(others, this.code, this.#context.limits) };
    }
    const { limits, clock } = this.#context;
    const session = new Session(hello, this, limits, clock);
    // Whoever of the same installation has no poll open was there before a restart: its place is free.
    const left = this.#members.filter(
      (member) => !joins || member === same || isPredecessor(member, hello),
    );
    const [first] = left;
    this.#members =
      first === undefined
        ? [...this.#members, session]
        : this.#members
            .map((member) => (member === first ? session : member))
            .filter((member) => !left.includes(member));
    const unseen = left.flatMap((member) => this.#retire(member, hello.software));
    for (const timer of this.#patience.values()) timer.cancel();
    this.#patience.clear();
    this.#waiting.unshift(unseen);
    if (this.#share === 'broadcast') {
      for (const exchange of this.#waiting.takeAll()) session.give(exchange);
    }
    return { kind: 'session', session, isNew: true };
  }

  onLost(session: Session): void {
    this.endSession(session, 'The agent has not polled for too long.');
  }

  /** The agent of a session stops in good order. */
  bye(session: Session): void {
    this.#leave(session);
    session.bye('The agent was stopped.');
    this.endSession(session, 'The agent was stopped.');
  }

  /** Ends a session; what waits gets a little time for another agent to come. */
  endSession(session: Session, detail: string): void {
    this.#leave(session);
    session.end(detail);
    this.#context.onSessionEnd(session);
    if (this.#members.length === 0) {
      for (const exchange of this.#waiting.values()) this.#startPatience(exchange);
    } else {
      this.onFewerPolls();
    }
    this.#context.onPresence();
    this.#checkIdle();
  }

  /** Tells the agents that the proxy is going down, and those callers whose requests still wait. */
  drain(): void {
    this.failWaiting();
    for (const session of this.#members) session.drain();
    for (const session of this.#retired) session.drain();
  }

  /** No agent will come for what waits: the proxy is going down. */
  failWaiting(): void {
    for (const exchange of this.#waiting.values()) {
      exchange.fail({ code: 'draining', detail: 'Try again shortly.', retryAfter: 5 });
    }
  }

  get #share(): Share {
    const first = this.#members[0];
    return first === undefined ? 'exclusive' : shareOf(first.hello.policy);
  }

  #wake(): void {
    for (const member of this.#members) member.wake();
  }

  #toAll(exchange: Exchange, leader: Session): void {
    this.#broadcast ??= new Broadcast(this.#context);
    this.#broadcast.offer(exchange, this.#members, leader);
  }

  /** The agent that was to reply went before it saw the exchange. */
  #replaceLeader(exchange: Exchange): void {
    if (this.#members.some((member) => member.giveForCopy(exchange))) return;
    // The others have been told that it is none of theirs to answer.
    exchange.fail({ code: 'agent_lost', detail: 'The agent that was to reply went away.' });
  }

  #retire(session: Session, by: string): readonly Exchange[] {
    this.#retired.add(session);
    this.#context.log.info({ by }, 'tunnel taken over');
    return session.retire(by);
  }

  #leave(session: Session): void {
    this.#retired.delete(session);
    this.#members = this.#members.filter((member) => member !== session);
  }

  #startPatience(exchange: Exchange): void {
    if (this.#patience.has(exchange)) return;
    const { limits, clock } = this.#context;
    const timer = clock.after(limits.agentWait * 1000, () => {
      this.#context.onRefused();
      exchange.fail({
        code: 'no_agent',
        detail: `No agent serves the code "${this.code}" right now. Start one, or check the code.`,
        retryAfter: Math.max(1, limits.agentWait),
      });
    });
    this.#patience.set(exchange, timer);
  }

  #forgetPatience(exchange: Exchange): void {
    this.#patience.get(exchange)?.cancel();
    this.#patience.delete(exchange);
  }

  #checkIdle(): void {
    if (this.#inFlight > 0 || this.#members.length > 0 || this.#retired.size > 0) return;
    this.#context.onIdle(this);
  }
}
