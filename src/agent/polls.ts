import { MalformedError } from 'caronte-proxy/protocol';
import type { Clock } from './clock.ts';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';
import { isEmpty, type PollAnswer, readPollAnswer } from './poll-answer.ts';
import {
  agreedWait,
  mayBeIdleDeath,
  type PollWait,
  waitAfterDeath,
  waitAfterLife,
} from './poll-wait.ts';
import type { ProxyClient } from './proxy-client.ts';
import { brokeOffOnTheWay } from './proxy-error.ts';
import type { Abort } from './whole-answer.ts';

/**
 * What polls are for: `serving` asks for work. `finishing` asks for none; polls without capacity go
 * on while exchanges are in hand, since they are how the proxy knows that the agent is there.
 * `none`: there are no polls, and those that are open do not count any more.
 */
export type PollMode = 'none' | 'serving' | 'finishing';

export interface PollsContext {
  readonly options: Pick<AgentOptions, 'pollTimeoutMs' | 'minWaitSeconds'>;
  readonly clock: Clock;
  readonly client: Pick<ProxyClient, 'poll'>;
  /** How many exchanges the agent has in hand. */
  readonly inHand: () => number;
  /** How many of these are upgraded connections, which take no room of others. */
  readonly upgraded: () => number;
  /** What a poll brought; its exchanges are not acknowledged yet. Also of polls that no longer count. */
  readonly onAnswer: (answer: PollAnswer) => void;
  /** A poll that counts failed, and not since it was idle for too long. */
  readonly onFailure: (error: unknown) => void;
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

/** Ids that one poll acknowledges. */
const ACKNOWLEDGED = 4_000;

/** A poll that ends with nothing before this did not wait, in milliseconds. */
const HASTY_MS = 500;

/** With so many of those in a row something answers polls that does not know what they are. */
const MOST_HASTY = 20;

const TOO_LATE = new Error('not needed any more');

/** The polls of one agent: as many as its work needs, each of which acknowledges what came before. */
export class Polls {
  readonly #context: PollsContext;
  readonly #open = new Set<OpenPoll>();
  #mode: PollMode = 'none';
  /** Counts how often all polls were dropped: those from before count no longer. */
  #epoch = 0;
  #acknowledge: string[] = [];
  /** Polls in a row that should have waited and did not. */
  #hasty = 0;
  #wait: PollWait = agreedWait(0);

  constructor(context: PollsContext) {
    this.#context = context;
  }

  /** Begins to ask for work; `waitSeconds` is what was agreed with the proxy. */
  serve(waitSeconds: number): void {
    this.#mode = 'serving';
    this.#wait = agreedWait(waitSeconds);
    this.fill();
  }

  /** Asks for no more work. */
  finish(): void {
    this.#mode = 'finishing';
    for (const poll of [...this.#open]) if (poll.capacity > 0) poll.abort(TOO_LATE);
    this.fill();
  }

  /** Breaks all polls off. What they had to acknowledge is kept. */
  drop(): void {
    this.#mode = 'none';
    this.#epoch += 1;
    this.#abort();
  }

  /** Resolves when no poll is open. To be awaited after {@link finish}. */
  async finished(): Promise<void> {
    await Promise.all([...this.#open].map((poll) => poll.done));
  }

  /** The next poll says that this exchange has arrived. */
  acknowledge(id: string): void {
    this.#acknowledge.push(id);
  }

  /** What the proxy has not been told yet of exchanges that arrived. */
  takeAcknowledgements(): string[] {
    return this.#acknowledge.splice(0);
  }

  /** Opens as many polls as there should be; `coming` exchanges are about to be taken. */
  fill(coming = 0): void {
    if (this.#mode === 'none') return;
    const { restingPolls } = AGENT_DEFAULTS;
    let room = this.#room(coming);
    for (let open = this.#countWithRoom(); open < restingPolls && room > 0; open += 1) {
      if (open > 0 && room < WORTHWHILE) break;
      const capacity = Math.min(room, PER_POLL);
      this.#poll(capacity, this.#wait.seconds);
      room -= capacity;
    }
    const isServing = this.#mode === 'serving';
    const inHand = this.#context.inHand();
    if (this.#open.size === 0 && (isServing || inHand > 0)) this.#poll(0, this.#wait.seconds);
    if (!isServing && inHand === 0) this.#abort();
  }

  /** A burst does not wait for the resting polls to come round: `waiting` more are to be fetched. */
  fetch(waiting: number, coming: number): void {
    for (let left = waiting; left > 0; left -= PER_POLL) {
      const room = Math.min(this.#room(coming), PER_POLL);
      if (room <= 0 || this.#open.size >= AGENT_DEFAULTS.maxPolls) return;
      this.#poll(room, 0);
    }
  }

  /** How many exchanges may still be asked for: open polls may bring as many as they have room. */
  #room(coming: number): number {
    if (this.#mode !== 'serving') return 0;
    const { inHand, upgraded } = this.#context;
    let room = AGENT_DEFAULTS.maxInFlight - inHand() + upgraded() - coming;
    for (const { capacity } of this.#open) room -= capacity;
    return room;
  }

  #countWithRoom(): number {
    let count = 0;
    for (const { capacity } of this.#open) if (capacity > 0) count += 1;
    return count;
  }

  #abort(): void {
    for (const poll of [...this.#open]) poll.abort(TOO_LATE);
  }

  #poll(capacity: number, waitSeconds: number): void {
    const poll: OpenPoll = { capacity, abort: () => undefined, done: Promise.resolve() };
    this.#open.add(poll);
    poll.done = this.#run(poll, waitSeconds, this.#epoch);
  }

  async #run(poll: OpenPoll, waitSeconds: number, epoch: number): Promise<void> {
    const acknowledged = this.#acknowledge.splice(0, ACKNOWLEDGED);
    const { client, options, clock, onAnswer, onFailure } = this.#context;
    const since = clock.monotonic();
    let answer: PollAnswer;
    try {
      const request = { acknowledged, capacity: poll.capacity, waitSeconds };
      answer = readPollAnswer(
        await client.poll(request, options.pollTimeoutMs, (abort) => {
          poll.abort = abort;
        }),
        poll.capacity,
      );
      this.#checkHaste(answer, waitSeconds, clock.monotonic() - since);
    } catch (error) {
      this.#open.delete(poll);
      // Whether the proxy read them is not known; saying them twice is harmless.
      this.#acknowledge.unshift(...acknowledged);
      if (epoch !== this.#epoch) return;
      const isWell =
        error === TOO_LATE || this.#diedIdle(error, waitSeconds, clock.monotonic() - since);
      if (isWell) this.fill();
      else onFailure(error);
      return;
    }
    this.#open.delete(poll);
    // What a later hello's answer said is newer.
    if (epoch !== this.#epoch) answer.queue = undefined;
    this.#wait = waitAfterLife(this.#wait, clock.monotonic() - since);
    onAnswer(answer);
  }

  /** Polling without a pause would keep both sides busy for nothing. Throws MalformedError. */
  #checkHaste(answer: PollAnswer, waitSeconds: number, ageMs: number): void {
    const isHasty = waitSeconds > 0 && ageMs < HASTY_MS && isEmpty(answer);
    this.#hasty = isHasty ? this.#hasty + 1 : 0;
    if (this.#hasty < MOST_HASTY) return;
    this.#hasty = 0;
    throw new MalformedError('polls are answered at once, with nothing');
  }

  /** Whether a poll was broken off since it was idle: the next one waits less, and all is well. */
  #diedIdle(error: unknown, asked: number, ageMs: number): boolean {
    if (!brokeOffOnTheWay(error) || !mayBeIdleDeath(asked, ageMs)) return false;
    const least = this.#context.options.minWaitSeconds ?? AGENT_DEFAULTS.minWaitSeconds;
    this.#wait = waitAfterDeath(this.#wait, asked, ageMs, least);
    return true;
  }
}
