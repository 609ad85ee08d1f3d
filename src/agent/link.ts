import {
  type CancelReason,
  type ExchangeHead,
  FORWARD_PREFIX,
  type HelloAnswer,
  type HelloRequest,
  PROTOCOL_VERSION,
} from 'caronte-proxy/protocol';
import { reconnectPause } from './backoff.ts';
import type { Clock } from './clock.ts';
import {
  type Connection,
  type ConnectionEvent,
  INITIAL_CONNECTION,
  moveConnection,
} from './connection.ts';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';
import { type PollAnswer, readPollAnswer } from './poll-answer.ts';
import {
  agreedWait,
  mayBeIdleDeath,
  type PollWait,
  waitAfterDeath,
  waitAfterLife,
} from './poll-wait.ts';
import type { ProxyClient } from './proxy-client.ts';
import { brokeOffOnTheWay, proxyVerdict } from './proxy-error.ts';
import type { ConnectionState } from './state.ts';
import type { Trouble } from './trouble.ts';
import type { Abort } from './whole-answer.ts';

export interface LinkContext {
  readonly options: AgentOptions;
  readonly clock: Clock;
  readonly client: ProxyClient;
  /** 32 hexadecimal digits, made anew for each agent. */
  readonly instance: string;
  /** How many exchanges the agent has in hand. */
  readonly inHand: () => number;
  /** How many of these are upgraded connections, which take no room of others. */
  readonly upgraded: () => number;
  readonly onState: (state: ConnectionState) => void;
  readonly onExchange: (head: ExchangeHead, body: Buffer) => void;
  readonly onCancel: (id: string, reason: CancelReason) => void;
}

interface OpenPoll {
  readonly capacity: number;
  abort: Abort;
  /** Resolves when the poll is over and what it brought is taken. */
  done: Promise<void>;
}

/** Exchanges that one poll may bring, so that all polls together stay within what may be in hand. */
const PER_POLL = AGENT_DEFAULTS.maxInFlight / AGENT_DEFAULTS.maxPolls;

/** A poll for less than this is not worth its while unless there is no other. */
const WORTHWHILE = PER_POLL / 4;

/** A clock that moves by this much more than it should has slept, in milliseconds. */
const SLEPT_MS = 5_000;
const TICK_MS = 1_000;

/** At least so many ids are remembered: an exchange that is handed out twice is worked on once. */
const REMEMBERED = 10_000;

const TOO_LATE = new Error('not needed any more');

/**
 * The agent's link to its proxy: says hello, keeps polls open, acknowledges what they bring, and
 * comes back by itself after whatever went wrong.
 */
export class Link {
  readonly #context: LinkContext;
  #connection: Connection = INITIAL_CONNECTION;
  /** Counts connections: an answer to an older one's poll no longer moves the state. */
  #epoch = 0;
  readonly #polls = new Set<OpenPoll>();
  #acknowledge: string[] = [];
  #seen = new Set<string>();
  #seenBefore = new Set<string>();
  #serving = true;
  /** A take-over is for the start: who lost the code later on does not fight for it. */
  #wasLive = false;
  #wait: PollWait = agreedWait(0);
  #cancelPause: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  /** Failures in a row while the link only finishes what it has. */
  #failures = 0;
  #lastTick = 0;

  constructor(context: LinkContext) {
    this.#context = context;
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  start(): void {
    this.#lastTick = this.#context.clock.wall();
    this.#tick();
    void this.#connect();
  }

  /** There is room for more work, or nothing in hand any more. */
  roomChanged(): void {
    this.#fillPolls();
  }

  /**
   * Takes no new work. Polls without capacity go on while exchanges are in hand, since they are how
   * the proxy knows that the agent is there.
   */
  finish(): void {
    this.#serving = false;
    this.#cancelPause?.();
    for (const poll of [...this.#polls]) if (poll.capacity > 0) poll.abort(TOO_LATE);
    this.#fillPolls();
  }

  /** Resolves when no poll is open. To be awaited after {@link finish}. */
  async finished(): Promise<void> {
    await Promise.all([...this.#polls].map((poll) => poll.done));
  }

  /** Stops for good, with nothing said to the proxy. */
  stop(): void {
    this.#serving = false;
    this.#cancelPause?.();
    this.#cancelTick?.();
    this.#epoch += 1;
    this.#abortPolls();
    this.#move({ type: 'stop' });
  }

  /** What the proxy has not been told yet of exchanges that arrived. */
  takeAcknowledgements(): string[] {
    return this.#acknowledge.splice(0);
  }

  async #connect(): Promise<void> {
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#abortPolls();
    this.#move({ type: 'connect' });
    const { options, clock, client, instance } = this.#context;
    const hello: HelloRequest = {
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
      software: options.software,
      instance,
      installation: options.installation,
      code: options.code,
      takeover: options.takeover && !this.#wasLive,
      policy: { reply: options.sendReply ? 'wait' : 'accept', share: options.share },
    };
    try {
      const answer = await client.hello(hello, AGENT_DEFAULTS.helloTimeoutMs);
      if (epoch !== this.#epoch) return;
      this.#wasLive = true;
      const wanted = Math.max(1, Math.floor((options.pollTimeoutMs * 5) / 6 / 1000));
      this.#wait = agreedWait(Math.min(wanted, answer.maxWaitSeconds));
      this.#move({ type: 'connected', at: clock.wall(), publicUrls: this.#publicUrls(answer) });
      this.#fillPolls();
    } catch (error) {
      this.#failed(error, epoch);
    }
  }

  #publicUrls(answer: HelloAnswer): readonly [string, ...string[]] {
    const [first, ...more] = answer.publicUrls;
    if (first !== undefined) return [first, ...more];
    // The proxy does not know how it is reached from outside; the agent knows one way at least.
    const { proxyUrl, code } = this.#context.options;
    return [`${proxyUrl.replace(/\/+$/, '')}${FORWARD_PREFIX}${code}/`];
  }

  /** Opens as many polls as the link should have; `coming` exchanges are about to be taken. */
  #fillPolls(coming = 0): void {
    if (this.state.kind !== 'live' && this.#serving) return;
    const { restingPolls } = AGENT_DEFAULTS;
    let room = this.#room(coming);
    for (let open = this.#pollsWithRoom(); open < restingPolls && room > 0; open += 1) {
      if (open > 0 && room < WORTHWHILE) break;
      const capacity = Math.min(room, PER_POLL);
      this.#poll(capacity, this.#wait.seconds);
      room -= capacity;
    }
    const inHand = this.#context.inHand();
    if (this.#polls.size === 0 && (this.#serving || inHand > 0)) this.#poll(0, this.#wait.seconds);
    if (!this.#serving && inHand === 0) this.#abortPolls();
  }

  /** How many exchanges may still be asked for: open polls may bring as many as they have room. */
  #room(coming: number): number {
    if (!this.#serving) return 0;
    let room =
      AGENT_DEFAULTS.maxInFlight - this.#context.inHand() + this.#context.upgraded() - coming;
    for (const { capacity } of this.#polls) room -= capacity;
    return room;
  }

  #pollsWithRoom(): number {
    let count = 0;
    for (const { capacity } of this.#polls) if (capacity > 0) count += 1;
    return count;
  }

  #poll(capacity: number, waitSeconds: number): void {
    const poll: OpenPoll = { capacity, abort: () => undefined, done: Promise.resolve() };
    this.#polls.add(poll);
    poll.done = this.#runPoll(poll, waitSeconds, this.#epoch);
  }

  async #runPoll(poll: OpenPoll, waitSeconds: number, epoch: number): Promise<void> {
    const acknowledged = this.#acknowledge.splice(0, 4_000);
    const { client, options, clock } = this.#context;
    const since = clock.monotonic();
    let answer: PollAnswer;
    try {
      const request = { acknowledged, capacity: poll.capacity, waitSeconds };
      answer = readPollAnswer(
        await client.poll(request, options.pollTimeoutMs, (abort) => {
          poll.abort = abort;
        }),
      );
    } catch (error) {
      this.#polls.delete(poll);
      // Whether the proxy read them is not known; saying them twice is harmless.
      this.#acknowledge.unshift(...acknowledged);
      if (epoch !== this.#epoch) return;
      if (error === TOO_LATE || this.#diedIdle(error, waitSeconds, clock.monotonic() - since))
        this.#fillPolls();
      else this.#failed(error, epoch);
      return;
    }
    this.#polls.delete(poll);
    this.#wait = waitAfterLife(this.#wait, clock.monotonic() - since);
    this.#take(answer);
  }

  /** Whether a poll was broken off since it was idle: the next one waits less, and all is well. */
  #diedIdle(error: unknown, asked: number, ageMs: number): boolean {
    if (!brokeOffOnTheWay(error) || !mayBeIdleDeath(asked, ageMs)) return false;
    const least = this.#context.options.minWaitSeconds ?? AGENT_DEFAULTS.minWaitSeconds;
    this.#wait = waitAfterDeath(this.#wait, asked, ageMs, least);
    return true;
  }

  #take(answer: PollAnswer): void {
    const fresh = answer.exchanges.filter(({ head }) => this.#remember(head.id));
    for (const { head } of answer.exchanges) this.#acknowledge.push(head.id);
    if (answer.takenOverBy !== undefined) this.#takenOver(answer.takenOverBy);
    else if (answer.draining) this.#lost(DRAINING);
    // The next poll leaves before the work begins, and carries the acknowledgement.
    this.#fillPolls(fresh.length);
    this.#fetchWaiting(answer.waiting, fresh.length);
    for (const { head, body } of fresh) this.#context.onExchange(head, body);
    for (const { id, reason } of answer.cancelled) this.#context.onCancel(id, reason);
  }

  /** A burst does not wait for the resting polls to come round. */
  #fetchWaiting(waiting: number, coming: number): void {
    if (!this.#serving || this.state.kind !== 'live') return;
    for (let left = waiting; left > 0; left -= PER_POLL) {
      const room = Math.min(this.#room(coming), PER_POLL);
      if (room <= 0 || this.#polls.size >= AGENT_DEFAULTS.maxPolls) return;
      this.#poll(room, 0);
    }
  }

  #remember(id: string): boolean {
    if (this.#seen.has(id) || this.#seenBefore.has(id)) return false;
    // Two generations: dropping a whole one costs less than dropping the oldest one by one.
    if (this.#seen.size >= REMEMBERED) {
      this.#seenBefore = this.#seen;
      this.#seen = new Set();
    }
    this.#seen.add(id);
    return true;
  }

  #takenOver(by: string): void {
    this.#serving = false;
    this.#cancelTick?.();
    this.#move({
      type: 'failed',
      at: this.#context.clock.wall(),
      trouble: {
        code: 'taken_over',
        message: `another agent (${by}) took the code over`,
        advice: 'Stop the other agent, or choose another code, then start again.',
      },
      final: true,
      pause: () => 0,
    });
    this.#fillPolls();
  }

  #failed(error: unknown, epoch: number): void {
    if (epoch !== this.#epoch) return;
    const { trouble, final } = proxyVerdict(error);
    // The link is dead, and the other connections on it are too.
    if (trouble.code === 'proxy_silent') this.#context.client.reconnect();
    this.#lost(trouble, final);
  }

  #lost(trouble: Trouble, final = false): void {
    if (!this.#serving) {
      // Nothing new is wanted; polls go on only so that the proxy knows that the agent is there.
      this.#failures += 1;
      const pause = reconnectPause(this.#failures, this.#context.clock.random());
      this.#cancelPause?.();
      this.#cancelPause = this.#context.clock.after(pause, () => this.#fillPolls());
      return;
    }
    this.#epoch += 1;
    this.#abortPolls();
    const { clock } = this.#context;
    this.#move({
      type: 'failed',
      at: clock.wall(),
      trouble,
      final,
      pause: (attempt) => reconnectPause(attempt, clock.random()),
    });
    const { state } = this.#connection;
    if (state.kind === 'stopped') {
      this.#serving = false;
      this.#cancelTick?.();
    }
    if (state.kind !== 'retrying') return;
    this.#cancelPause?.();
    this.#cancelPause = clock.after(state.delayMs, () => void this.#connect());
  }

  /** After a sleep every connection may be dead without anybody having said so. */
  #tick(): void {
    const { clock, client } = this.#context;
    const now = clock.wall();
    const slept = now - this.#lastTick > TICK_MS + SLEPT_MS;
    this.#lastTick = now;
    this.#cancelTick = clock.after(TICK_MS, () => this.#tick());
    if (!slept || !this.#serving) return;
    this.#cancelPause?.();
    client.reconnect();
    void this.#connect();
  }

  #abortPolls(): void {
    for (const poll of [...this.#polls]) poll.abort(TOO_LATE);
  }

  #move(event: ConnectionEvent): void {
    const before = this.#connection;
    this.#connection = moveConnection(before, event);
    if (this.#connection.state !== before.state) this.#context.onState(this.#connection.state);
  }
}

const DRAINING: Trouble = { code: 'proxy_draining', message: 'the proxy is shutting down' };
