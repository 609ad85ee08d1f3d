import type { Limits } from '../config/limits.ts';
import type { HelloRequest, Problem } from '../protocol/index.ts';
import type { Clock, Exchange, Logger, Route, Timer } from '../routing/index.ts';
import { Session, type WorkSource } from './session.ts';
import { WaitingQueue } from './waiting.ts';

export interface TunnelContext {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  /** A session is over and its id means nothing any more. */
  onSessionEnd(session: Session): void;
  /** Nobody serves the code and nothing waits for it. */
  onIdle(tunnel: Tunnel): void;
}

export type Attached =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** One code: the requests that wait for an agent, and the agent that serves it. */
export class Tunnel implements Route, WorkSource {
  readonly code: string;
  readonly #context: TunnelContext;
  readonly #waiting = new WaitingQueue();
  /** Ends the wait of exchanges that arrived while no agent was there. */
  readonly #patience = new Map<Exchange, Timer>();
  #session: Session | undefined;
  /** Sessions whose code was taken over and whose exchanges are still being answered. */
  readonly #retired = new Set<Session>();
  #inFlight = 0;
  #upgrades = 0;

  constructor(code: string, context: TunnelContext) {
    this.code = code;
    this.#context = context;
  }

  get waiting(): number {
    return this.#waiting.size;
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
    if (this.#waiting.size >= limits.buffer) {
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
    this.#waiting.push(exchange);
    if (this.#session === undefined) this.#startPatience(exchange);
    else this.#session.wake();
  }

  next(): Exchange | undefined {
    return this.#waiting.shift();
  }

  putBack(exchanges: readonly Exchange[]): void {
    if (exchanges.length === 0) return;
    this.#context.log.info({ count: exchanges.length }, 'not acknowledged, handed out again');
    this.#waiting.unshift(exchanges);
    this.#session?.wake();
  }

  withdraw(exchange: Exchange): void {
    this.#waiting.withdraw(exchange);
  }

  /** Whether that agent has the code already. */
  serves(instance: string): boolean {
    return this.#session?.hello.instance === instance;
  }

  /** Gives the code to the agent that says hello, or says why not. */
  attach(hello: HelloRequest): Attached {
    const current = this.#session;
    if (current !== undefined) {
      const same = current.hello.instance === hello.instance;
      if (same && current.hello.policy.reply === hello.policy.reply) {
        return { kind: 'session', session: current };
      }
      const mayTake = same || hello.takeover || current.hello.installation === hello.installation;
      if (!mayTake) return { kind: 'refused', problem: this.#inUse(current) };
      current.retire(hello.software);
      this.#retired.add(current);
      this.#context.log.info({ by: hello.software }, 'tunnel taken over');
    }
    const { limits, clock } = this.#context;
    const session = new Session(hello, this, limits, clock);
    this.#session = session;
    for (const timer of this.#patience.values()) timer.cancel();
    this.#patience.clear();
    return { kind: 'session', session };
  }

  onLost(session: Session): void {
    this.endSession(session, 'The agent has not polled for too long.');
  }

  /** The agent of a session stops in good order. */
  bye(session: Session): void {
    session.bye('The agent was stopped.');
    this.endSession(session, 'The agent was stopped.');
  }

  /** Ends a session; what waits gets a little time for another agent to come. */
  endSession(session: Session, detail: string): void {
    this.#retired.delete(session);
    if (this.#session === session) this.#session = undefined;
    session.end(detail);
    this.#context.onSessionEnd(session);
    if (this.#session === undefined) {
      for (const exchange of this.#waiting.values()) this.#startPatience(exchange);
    }
    this.#checkIdle();
  }

  /** Tells the agents that the proxy is going down, and those callers whose requests still wait. */
  drain(): void {
    for (const exchange of this.#waiting.values()) {
      exchange.fail({ code: 'draining', detail: 'Try again shortly.', retryAfter: 5 });
    }
    this.#session?.drain();
    for (const session of this.#retired) session.drain();
  }

  #inUse(current: Session): Problem {
    const { software } = current.hello;
    const detail = `The code "${this.code}" is served by another agent (${software}). Choose another code, stop that agent, or take over.`;
    // Without a poll the other one may be gone already; it is worth asking again.
    return current.polls > 0
      ? { code: 'code_in_use', detail }
      : { code: 'code_in_use', detail, retryAfter: this.#context.limits.agentGrace };
  }

  #startPatience(exchange: Exchange): void {
    const { limits, clock } = this.#context;
    const timer = clock.after(limits.agentWait * 1000, () =>
      exchange.fail({
        code: 'no_agent',
        detail: `No agent serves the code "${this.code}" right now. Start one, or check the code.`,
        retryAfter: Math.max(1, limits.agentWait),
      }),
    );
    this.#patience.set(exchange, timer);
  }

  #forgetPatience(exchange: Exchange): void {
    this.#patience.get(exchange)?.cancel();
    this.#patience.delete(exchange);
  }

  #checkIdle(): void {
    if (this.#inFlight > 0 || this.#session !== undefined || this.#retired.size > 0) return;
    this.#context.onIdle(this);
  }
}
