import type {
  Agent,
  AgentObserver,
  AgentOptions,
  AgentWarning,
  ConnectionState,
  Missed,
  NetworkOptions,
  QueueClient,
  QueueClientOptions,
  QueuedRequest,
  QueueState,
  SignatureTolerance,
  staleSignatures,
} from '../../agent/index.ts';
import type { Logger } from '../base/logger.ts';
import { Signal } from '../base/signal.ts';
import { endsWithin } from '../base/within.ts';
import { type EditorNetwork, networkOf } from '../settings/network.ts';
import { targetOrigin } from '../settings/target.ts';
import { readCertificates } from './certificates.ts';
import type { TunnelPlan } from './plan.ts';
import { nextState, type TunnelState } from './state.ts';

/** What people may ask of a tunnel's queue. */
export type Queue = Pick<QueueClient, 'list' | 'show' | 'body' | 'deliver' | 'discard' | 'destroy'>;

/** The part of the engine that a tunnel uses. */
export interface Engine {
  readonly createAgent: (options: AgentOptions, observer: AgentObserver) => Agent;
  readonly createQueueClient: (options: QueueClientOptions) => Queue;
  readonly staleSignature: (
    request: Pick<QueuedRequest, 'fields' | 'receivedAt'>,
    now: number,
  ) => SignatureTolerance | undefined;
  readonly staleSignatures: typeof staleSignatures;
  readonly networkFromEnvironment: (env: NodeJS.ProcessEnv) => NetworkOptions;
  readonly isNetworkProxy: (text: string) => boolean;
  readonly describeState: (state: ConnectionState) => string;
  readonly defaults: { readonly targetTimeoutMs: number; readonly pollTimeoutMs: number };
}

export interface TunnelOptions {
  /** Loads the engine when it is first needed: it is most of the extension's code. */
  readonly loadEngine: () => Promise<Engine>;
  readonly onExchange: NonNullable<AgentObserver['onExchange']>;
  /** Whether a person has paused the deliveries of this tunnel, when it was up before. */
  readonly wasPaused: (plan: TunnelPlan) => boolean;
  /** The editor's settings of the network, asked for at each start. */
  readonly network: () => EditorNetwork;
  readonly log: Logger;
  /** Name and version, for the proxy's log. */
  readonly software: string;
  /** 32 hexadecimal digits, stable for this workspace. */
  readonly installation: () => string;
}

export interface Launch {
  readonly plan: TunnelPlan;
  readonly secret: string;
  readonly takeover: boolean;
}

/** How long exchanges in hand may take when the user stops the tunnel, in milliseconds. */
export const STOP_GRACE_MS = 10_000;
/** The same when it only starts anew, or the window closes. */
export const RESTART_GRACE_MS = 1_500;

/** The one tunnel of a window: at most one agent at a time, started and stopped in turn. */
export class Tunnel {
  readonly changed = new Signal<TunnelState>();
  readonly warned = new Signal<AgentWarning>();
  /** What the queue holds, told after each hello and whenever it changes; undefined once it is off. */
  readonly queueChanged = new Signal<QueueState | undefined>();
  /** What was lost while no agent was there, told after a hello. */
  readonly missed = new Signal<Missed>();
  readonly #options: TunnelOptions;
  #state: TunnelState = { kind: 'off' };
  #launch: Launch | undefined;
  #engine: Engine | undefined;
  #agent: Agent | undefined;
  #queue: Queue | undefined;
  /** Grows with each start and stop: what belongs to an earlier one is over. */
  #turn = 0;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** The latest start, which a restart repeats. */
  get launch(): Launch | undefined {
    return this.#launch;
  }

  /** The engine, once a tunnel was started. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** The queue of the tunnel that is up, or on its way. */
  get queue(): Queue | undefined {
    return this.#queue;
  }

  /** Has deliveries wait, or go on. Rejects with what went wrong; false if no tunnel is up. */
  async setPaused(paused: boolean): Promise<boolean> {
    const agent = this.#agent;
    if (agent === undefined) return false;
    const state = await agent.setPaused(paused);
    if (agent === this.#agent) this.queueChanged.fire(state);
    return true;
  }

  /** Starts, after ending what runs. Resolves once the first try to connect has had its result. */
  async start(launch: Launch): Promise<TunnelState> {
    const turn = ++this.#turn;
    const { plan } = launch;
    this.#launch = launch;
    this.#move({ kind: 'connecting', plan, publicUrl: undefined });
    const { log } = this.#options;
    const { manner } = plan;
    const [engine, ca] = await Promise.all([
      this.#options.loadEngine(),
      readCertificates(manner.caFile, log),
      this.#end(RESTART_GRACE_MS),
    ]);
    if (turn !== this.#turn) return this.#state;
    this.#engine = engine;
    const way = {
      proxyUrl: plan.proxyUrl,
      secret: launch.secret,
      code: plan.code,
      network: this.#network(engine),
    };
    const settled = new Promise<void>((resolve) => {
      const listener = this.changed.on(({ kind }) => {
        if (turn === this.#turn && kind === 'connecting') return;
        listener.dispose();
        resolve();
      });
    });
    this.#agent = engine.createAgent(
      {
        ...way,
        target: targetOrigin(plan.target),
        targetTls: { ca, insecure: manner.insecure },
        hostHeader: manner.hostHeader,
        rewritePaths: manner.rewritePaths,
        sendReply: plan.sendReply,
        offline: plan.offline,
        queue: this.#queuePolicy(plan),
        share: plan.share,
        maxAttempts: plan.maxAttempts,
        takeover: launch.takeover,
        installation: this.#options.installation(),
        software: this.#options.software,
        ...engine.defaults,
      },
      {
        onState: (connection) => {
          if (turn !== this.#turn) return;
          this.#options.log.info(`Tunnel ${plan.code}: ${engine.describeState(connection)}`);
          this.#move(nextState(this.#state, plan, connection));
          if (connection.kind === 'stopped') this.queueChanged.fire(undefined);
        },
        onExchange: this.#options.onExchange,
        onQueue: (state) => {
          if (turn === this.#turn) this.queueChanged.fire(state);
        },
        onMissed: (missed) => {
          if (turn === this.#turn) this.missed.fire(missed);
        },
        onWarning: (warning) => {
          this.#options.log.warn(warning.message);
          this.warned.fire(warning);
        },
      },
    );
    this.#queue = engine.createQueueClient(way);
    this.#agent.start();
    await settled;
    return this.#state;
  }

  /** Resolves when nothing runs any more. A second call does not wait for exchanges in hand. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    const { state } = this;
    const turn = ++this.#turn;
    if (state.kind === 'off') return;
    if (this.#agent !== undefined) this.#move({ kind: 'stopping', plan: state.plan });
    await this.#end(state.kind === 'stopping' ? 0 : graceMs);
    if (turn === this.#turn) this.#move({ kind: 'off' });
  }

  #queuePolicy(plan: TunnelPlan): AgentOptions['queue'] {
    const { review, ...policy } = plan.queue;
    return { ...policy, paused: review || this.#options.wasPaused(plan) };
  }

  #network(engine: Engine): NetworkOptions {
    const editor = this.#options.network();
    const isUsable = editor.proxy === undefined || engine.isNetworkProxy(editor.proxy);
    if (!isUsable) {
      this.#options.log.warn(
        'Setting http.proxy must be the address of an HTTP proxy; it is ignored.',
      );
    }
    const used = isUsable ? editor : { ...editor, proxy: undefined };
    return networkOf(used, engine.networkFromEnvironment(process.env));
  }

  async #end(graceMs: number): Promise<void> {
    const agent = this.#agent;
    const queue = this.#queue;
    if (agent === undefined) return;
    if (graceMs === 0 || !(await endsWithin(agent.close(), graceMs))) await agent.destroy();
    await queue?.destroy();
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    this.#queue = undefined;
    this.queueChanged.fire(undefined);
  }

  #move(state: TunnelState): void {
    this.#state = state;
    this.changed.fire(state);
  }
}
