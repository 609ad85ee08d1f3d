import { Deadlines, GATHER_MS, IdTable, type QueueState } from 'caronte-proxy/protocol';
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from './clock.ts';
import { Delivery, type DeliveryContext } from './delivery.ts';
import type { AgentObserver, AgentWarning } from './events.ts';
import { Link } from './link.ts';
import { isLoopback } from './loopback.ts';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { ProxyClient } from './proxy-client.ts';
import { QueueClient } from './queue-client.ts';
import { responseRewriter } from './rewrite.ts';
import type { ConnectionState } from './state.ts';
import { Target } from './target.ts';

/** One tunnel: polls the proxy, calls the target, sends replies back. */
export interface Agent {
  readonly state: ConnectionState;
  /** How many exchanges are in hand. */
  readonly inHand: number;
  /** Connects, and stays connected until closed. May be called once. */
  start(): void;
  /**
   * Has deliveries from the tunnel's queue wait, or go on, and stays with that when it connects anew.
   * Rejects with TroubleError; then nothing has changed.
   */
  setPaused(paused: boolean): Promise<QueueState>;
  /**
   * Takes no new work, finishes the exchanges in hand for up to the target's timeout, says good-bye.
   * What is still unfinished then, such as an endless stream, is cancelled. WebSockets have no end
   * to wait for: they are cancelled as soon as nothing else is in hand.
   */
  close(): Promise<void>;
  /** Drops everything at once: exchanges in hand are cancelled. Resolves when nothing is left running. */
  destroy(): Promise<void>;
}

/** With so many in hand, responses that nobody waits for make way. */
const CROWDED = (AGENT_DEFAULTS.maxInFlight * 3) / 4;

/** Time that the good-bye may take, in milliseconds. */
const BYE_MS = 2_000;

/** Builds an agent. It does nothing until it is started. */
export function createAgent(
  options: AgentOptions,
  observer: AgentObserver,
  clock: Clock = systemClock,
): Agent {
  const client = new ProxyClient(options, clock);
  const queue = new QueueClient(options, clock);
  const target = new Target(options, options.targetTimeoutMs);
  const outbox = new Outbox({ clock, send: (records, ms) => client.reply(records, ms) });
  const deliveries = new IdTable<Delivery>();
  let upgraded = 0;
  let onQuiet: (() => void) | undefined;
  let closing: Promise<void> | undefined;
  let destroyed: Promise<void> | undefined;

  const context: DeliveryContext = {
    clock,
    target,
    client,
    outbox,
    sendReply: options.sendReply,
    maxAttempts: options.maxAttempts,
    rewrite: options.rewritePaths === true ? responseRewriter(target) : undefined,
    keptIdleMs: options.targetTimeoutMs,
    isCrowded: () => deliveries.size - upgraded > CROWDED,
    gathering: new Deadlines(
      { now: () => clock.monotonic(), after: (ms, callback) => void clock.after(ms, callback) },
      GATHER_MS,
      (reply) => reply.becomeStream(),
    ),
    emit: (event) => told(() => observer.onExchange?.(event)),
    mayUpgrade: () => upgraded < AGENT_DEFAULTS.maxUpgraded,
    onUpgraded: () => {
      upgraded += 1;
      link.roomChanged();
      tellIfQuiet();
    },
    onDone: (delivery) => {
      deliveries.remove(delivery);
      if (delivery.upgraded) upgraded -= 1;
      link.roomChanged();
      tellIfQuiet();
    },
  };

  const link = new Link({
    options,
    clock,
    client,
    instance: randomBytes(16).toString('hex'),
    inHand: () => deliveries.size,
    upgraded: () => upgraded,
    onState: (state) => told(() => observer.onState?.(state)),
    onExchange: (head, body) => {
      const delivery = new Delivery(head, body, context);
      deliveries.add(delivery);
      delivery.start();
    },
    onCancel: (id, reason) => deliveries.find(id)?.cancel(reason),
    onQueue: (state) => told(() => observer.onQueue?.(state)),
    onMissed: (missed) => told(() => observer.onMissed?.(missed)),
  });

  const isQuiet = (): boolean => deliveries.size === upgraded;
  const tellIfQuiet = (): void => {
    if (isQuiet()) onQuiet?.();
  };
  const quiet = (): Promise<void> =>
    isQuiet()
      ? Promise.resolve()
      : new Promise((resolve) => {
          onQuiet = resolve;
        });

  const quietWithin = async (ms: number): Promise<void> => {
    let cancel: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(ms, resolve);
    });
    await Promise.race([quiet(), late]);
    // A timer that is left over would keep the process from ending.
    cancel();
  };

  const destroy = (): Promise<void> => {
    destroyed ??= (async () => {
      link.stop();
      for (const delivery of deliveries.values()) delivery.cancel('session_lost');
      outbox.destroy();
      onQuiet?.();
      await Promise.all([client.destroy(), queue.destroy(), target.destroy()]);
    })();
    return destroyed;
  };

  const close = async (): Promise<void> => {
    const wasLive = link.state.kind === 'live';
    link.finish();
    await quietWithin(options.targetTimeoutMs);
    if (deliveries.size === 0) await link.finished();
    if (destroyed === undefined && wasLive) {
      // A proxy that cannot be reached finds out by itself.
      await client.bye(link.takeAcknowledgements(), BYE_MS).catch(() => undefined);
    }
    await destroy();
  };

  return {
    get state() {
      return link.state;
    },
    get inHand() {
      return deliveries.size;
    },
    start: () => {
      if (sendsSecretInTheOpen(options.proxyUrl)) {
        const warning: AgentWarning = {
          code: 'secret_in_plain_text',
          message:
            'The secret travels unencrypted: the proxy’s address is http and not on this machine. Use https.',
        };
        told(() => observer.onWarning?.(warning));
      }
      link.start();
    },
    setPaused: async (paused) => {
      const state = await (paused ? queue.pause() : queue.resume());
      link.setPaused(paused);
      return state;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
    destroy,
  };
}

/** A listener that throws must not take a tunnel down; Node prints what it threw. */
function told(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), {
      type: 'CaronteListener',
    });
  }
}

/** Whether whoever listens between here and the proxy learns the secret. */
export function sendsSecretInTheOpen(proxyUrl: string): boolean {
  const { protocol, hostname } = new URL(proxyUrl);
  if (protocol !== 'http:') return false;
  return !isLoopback(hostname);
}
