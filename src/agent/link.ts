import type {
  CancelReason,
  ExchangeHead,
  HelloAnswer,
  Missed,
  QueueState,
} from 'caronte-proxy/protocol';
import { reconnectPause } from './backoff.ts';
import type { Clock } from './clock.ts';
import {
  type Connection,
  type ConnectionEvent,
  INITIAL_CONNECTION,
  moveConnection,
} from './connection.ts';
import { FAIL_POINT, failPointOnceSent } from './fail-point.ts';
import { helloOf, publicUrls, waitFor } from './hello.ts';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';
import type { PollAnswer } from './poll-answer.ts';
import { Polls } from './polls.ts';
import type { ProxyClient } from './proxy-client.ts';
import { proxyVerdict } from './proxy-error.ts';
import { RecentIds } from './recent-ids.ts';
import { SleepWatch } from './sleep-watch.ts';
import type { ConnectionState } from './state.ts';
import type { Trouble } from './trouble.ts';

export interface LinkContext {
  readonly options: AgentOptions;
  readonly clock: Clock;
  readonly client: Pick<ProxyClient, 'hello' | 'poll' | 'reconnect'>;
  /** 32 hexadecimal digits, made anew for each agent. */
  readonly instance: string;
  /** How many exchanges the agent has in hand. */
  readonly inHand: () => number;
  /** How many of these are upgraded connections, which take no room of others. */
  readonly upgraded: () => number;
  readonly onState: (state: ConnectionState) => void;
  readonly onExchange: (head: ExchangeHead, body: Buffer) => void;
  readonly onCancel: (id: string, reason: CancelReason) => void;
  readonly onQueue: (state: QueueState) => void;
  readonly onMissed: (missed: Missed) => void;
}

/**
 * The agent's link to its proxy: says hello, has polls open while it is live, hands on what they
 * bring, and comes back by itself after whatever went wrong.
 */
export class Link {
  readonly #context: LinkContext;
  readonly #polls: Polls;
  readonly #sleepWatch: SleepWatch;
  readonly #seen = new RecentIds();
  #connection: Connection = INITIAL_CONNECTION;
  /** Counts connections: the answer to an older one's hello no longer moves the state. */
  #epoch = 0;
  /** Whether new work is wanted. */
  #serving = true;
  /** A take-over is for the start: who lost the code later on does not fight for it. */
  #wasLive = false;
  /** Whether deliveries from the queue wait; what a person released is not to be paused by a hello. */
  #paused: boolean;
  #cancelPause: (() => void) | undefined;
  /** Failures in a row while the link only finishes what it has. */
  #failures = 0;

  constructor(context: LinkContext) {
    this.#context = context;
    this.#paused = context.options.queue?.paused ?? false;
    this.#polls = new Polls({
      ...context,
      onAnswer: (answer) => this.#take(answer),
      onFailure: (error) => this.#failed(error),
    });
    this.#sleepWatch = new SleepWatch(context.clock, () => this.#onWoken());
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  start(): void {
    this.#sleepWatch.start();
    void this.#connect();
  }

  /** There is room for more work, or nothing in hand any more. */
  roomChanged(): void {
    this.#polls.fill();
  }

  /** Takes no new work. Polls without capacity go on while exchanges are in hand. */
  finish(): void {
    this.#serving = false;
    this.#cancelPause?.();
    this.#polls.finish();
  }

  /** Resolves when no poll is open. To be awaited after {@link finish}. */
  finished(): Promise<void> {
    return this.#polls.finished();
  }

  /** Stops for good, with nothing said to the proxy. */
  stop(): void {
    this.#serving = false;
    this.#sleepWatch.stop();
    this.#disconnect();
    this.#move({ type: 'stop' });
  }

  /** Has further hellos say so. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** What the proxy has not been told yet of exchanges that arrived. */
  takeAcknowledgements(): string[] {
    return this.#polls.takeAcknowledgements();
  }

  async #connect(): Promise<void> {
    this.#disconnect();
    const epoch = this.#epoch;
    this.#move({ type: 'connect' });
    const { options, clock, client, instance } = this.#context;
    const takeover = options.takeover && !this.#wasLive;
    const hello = helloOf(options, instance, { takeover, paused: this.#paused });
    try {
      const answer = await client.hello(hello, AGENT_DEFAULTS.helloTimeoutMs);
      if (epoch !== this.#epoch) return;
      this.#wasLive = true;
      const urls = publicUrls(answer, options);
      this.#move({ type: 'connected', at: clock.wall(), publicUrls: urls });
      this.#tell(answer);
      if (this.#serving) this.#polls.serve(waitFor(answer, options));
      else this.#polls.fill();
    } catch (error) {
      if (epoch === this.#epoch) this.#failed(error);
    }
  }

  /** Passes on what the proxy kept, and what it could not keep, in the meantime. */
  #tell({ queue, missed }: HelloAnswer): void {
    if (queue !== undefined) this.#context.onQueue(queue);
    if (missed === undefined) return;
    const { refused, quota, expired } = missed;
    if (refused + quota + expired > 0) this.#context.onMissed(missed);
  }

  /** Whatever is under way on the present connection counts no longer. */
  #disconnect(): void {
    this.#epoch += 1;
    this.#cancelPause?.();
    this.#polls.drop();
  }

  #take(answer: PollAnswer): void {
    const fresh = answer.exchanges.filter(({ head }) => this.#seen.add(head.id));
    for (const { head } of answer.exchanges) this.#polls.acknowledge(head.id);
    if (answer.takenOverBy !== undefined) this.#takenOver(answer.takenOverBy);
    else if (answer.draining) this.#lost(DRAINING);
    // The next poll leaves before the work begins, and carries the acknowledgement.
    this.#polls.fill(fresh.length);
    this.#polls.fetch(answer.waiting, fresh.length);
    for (const { head, body } of fresh) {
      if (failPointOnceSent(FAIL_POINT.acknowledgedBeforeTarget)) return;
      this.#context.onExchange(head, body);
    }
    for (const { id, reason } of answer.cancelled) this.#context.onCancel(id, reason);
    if (answer.queue !== undefined) this.#queueChanged(answer.queue);
  }

  #queueChanged(state: QueueState): void {
    // Whoever paused or released it, the next hello must not undo that.
    this.#paused = state.paused;
    this.#context.onQueue(state);
  }

  #takenOver(by: string): void {
    this.#serving = false;
    this.#cancelPause?.();
    this.#sleepWatch.stop();
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
    this.#polls.finish();
  }

  #failed(error: unknown): void {
    const { trouble, final } = proxyVerdict(error);
    // The link is dead, and the other connections on it are too.
    if (trouble.code === 'proxy_silent') this.#context.client.reconnect();
    this.#lost(trouble, final);
  }

  #lost(trouble: Trouble, final = false): void {
    if (!this.#serving) return this.#pollLater();
    this.#disconnect();
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
      this.#sleepWatch.stop();
    }
    if (state.kind !== 'retrying') return;
    this.#cancelPause = clock.after(state.delayMs, () => void this.#connect());
  }

  /** Nothing new is wanted; polls go on only so that the proxy knows that the agent is there. */
  #pollLater(): void {
    this.#failures += 1;
    const { clock } = this.#context;
    this.#cancelPause?.();
    this.#cancelPause = clock.after(reconnectPause(this.#failures, clock.random()), () =>
      this.#polls.fill(),
    );
  }

  /** After a sleep every connection may be dead without anybody having said so. */
  #onWoken(): void {
    if (!this.#serving) return;
    this.#context.client.reconnect();
    void this.#connect();
  }

  #move(event: ConnectionEvent): void {
    const before = this.#connection;
    this.#connection = moveConnection(before, event);
    if (this.#connection.state !== before.state) this.#context.onState(this.#connection.state);
  }
}

const DRAINING: Trouble = { code: 'proxy_draining', message: 'the proxy is shutting down' };
