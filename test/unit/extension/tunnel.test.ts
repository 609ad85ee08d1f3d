import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { setImmediate } from 'node:timers/promises';
import type {
  Agent,
  AgentObserver,
  AgentOptions,
  QueueClientOptions,
  QueueState,
  Trouble,
} from '../../../src/agent/index.ts';
import { readEditorNetwork } from '../../../src/extension/settings/network.ts';
import { isRunning, publicUrlOf, type TunnelState } from '../../../src/extension/tunnel/state.ts';
import { nextHealth, type TargetHealth } from '../../../src/extension/tunnel/target-health.ts';
import { type Launch, Tunnel } from '../../../src/extension/tunnel/tunnel.ts';
import { memoryLog } from './history-helpers.ts';
import { EMPTY, FakeQueue, PLAN } from './queue-helpers.ts';

const CERTIFICATE = '../../e2e/support/certificates-target/certificate.pem';
const LAUNCH: Launch = { plan: PLAN, secret: 'a-secret', takeover: false };
const TROUBLE: Trouble = { code: 'secret_refused', message: 'secret refused' };

/** An engine whose agents do what the test says. */
class FakeEngine {
  readonly agents: FakeAgent[] = [];
  readonly tunnel: Tunnel;
  readonly states: TunnelState['kind'][] = [];
  readonly log = memoryLog();
  readonly queue = new FakeQueue();
  readonly ways: QueueClientOptions[] = [];
  wasPaused = false;
  network = readEditorNetwork(() => undefined);

  constructor() {
    this.tunnel = new Tunnel({
      loadEngine: () =>
        Promise.resolve({
          createAgent: (options, observer) => {
            const agent = new FakeAgent(options, observer);
            this.agents.push(agent);
            return agent;
          },
          createQueueClient: (options) => {
            this.ways.push(options);
            return this.queue;
          },
          staleSignature: () => undefined,
          staleSignatures: () => Promise.resolve(new Map()),
          networkFromEnvironment: () => ({ httpsProxy: 'http://env:3128', noProxy: 'a' }),
          isNetworkProxy: (text) => text.startsWith('http:'),
          describeState: ({ kind }) => kind,
          defaults: { targetTimeoutMs: 1, pollTimeoutMs: 1 },
        }),
      onExchange: () => undefined,
      wasPaused: () => this.wasPaused,
      network: () => this.network,
      log: this.log,
      software: 'test/1',
      installation: () => '0'.repeat(32),
    });
    this.tunnel.changed.on(({ kind }) => this.states.push(kind));
  }

  /** The latest agent, once it was started. */
  async started(): Promise<FakeAgent> {
    for (;;) {
      const agent = this.agents.at(-1);
      if (agent?.started === true && !agent.taken) {
        agent.taken = true;
        return agent;
      }
      await setImmediate();
    }
  }
}

class FakeAgent implements Agent {
  readonly state = { kind: 'idle' } as const;
  readonly inHand = 0;
  started = false;
  taken = false;
  ended = '';
  /** Whether `close` ends at once; else it waits for `destroy`. */
  closesAtOnce = true;
  #destroyed: (() => void) | undefined;
  readonly options: AgentOptions;
  readonly observer: AgentObserver;

  constructor(options: AgentOptions, observer: AgentObserver) {
    this.options = options;
    this.observer = observer;
  }

  start(): void {
    this.started = true;
    this.observer.onState?.({ kind: 'connecting', attempt: 1 });
  }

  live(): void {
    this.observer.onState?.({
      kind: 'live',
      since: 5,
      publicUrls: ['https://proxy.example/f/orders', 'https://second.example/'],
    });
  }

  setPaused(paused: boolean): Promise<QueueState> {
    return Promise.resolve({ ...EMPTY, paused });
  }

  close(): Promise<void> {
    this.ended ||= 'close';
    if (this.closesAtOnce) return Promise.resolve();
    return new Promise((resolve) => {
      this.#destroyed = resolve;
    });
  }

  destroy(): Promise<void> {
    this.ended = 'destroy';
    this.#destroyed?.();
    return Promise.resolve();
  }
}

describe('a tunnel', () => {
  it('resolves its start once it is live', async () => {
    const engine = new FakeEngine();
    const start = engine.tunnel.start(LAUNCH);
    const agent = await engine.started();
    agent.live();
    const state = await start;
    assert.equal(state.kind, 'live');
    assert.equal(publicUrlOf(state), 'https://proxy.example/f/orders');
    assert.equal(agent.options.target, 'http://localhost:3000');
    assert.equal(agent.options.installation, '0'.repeat(32));
  });

  it('calls its target, and leaves the network, as the settings of the start say', async () => {
    const engine = new FakeEngine();
    engine.network = readEditorNetwork((key) => (key === 'proxy' ? 'http://p:3128' : undefined));
    const caFile = fileURLToPath(new URL(CERTIFICATE, import.meta.url));
    const manner = { hostHeader: 'preserve', caFile, insecure: true, rewritePaths: true };
    const start = engine.tunnel.start({ ...LAUNCH, plan: { ...PLAN, manner } });
    const agent = await engine.started();
    agent.live();
    await start;
    const { targetTls, hostHeader, rewritePaths, network } = agent.options;
    assert.match(targetTls?.ca ?? '', /BEGIN CERTIFICATE/);
    assert.deepEqual([targetTls?.insecure, hostHeader, rewritePaths], [true, 'preserve', true]);
    assert.deepEqual([network?.httpsProxy, network?.noProxy], ['http://p:3128', 'a']);
  });

  it('says in the log that the editor’s proxy is of no use, and takes the environment’s', async () => {
    const engine = new FakeEngine();
    engine.network = readEditorNetwork((key) => (key === 'proxy' ? 'socks5://p' : undefined));
    const start = engine.tunnel.start(LAUNCH);
    const agent = await engine.started();
    agent.live();
    await start;
    assert.equal(agent.options.network?.httpsProxy, 'http://env:3128');
    assert.match(engine.log.lines.join(), /http\.proxy must be/);
  });

  it('says in the log that certificates cannot be read, and starts without them', async () => {
    const engine = new FakeEngine();
    const plan = { ...PLAN, manner: { ...PLAN.manner, caFile: '/of/nobody.pem' } };
    const start = engine.tunnel.start({ ...LAUNCH, plan });
    const agent = await engine.started();
    agent.live();
    await start;
    assert.equal(agent.options.targetTls?.ca, undefined);
    assert.match(engine.log.lines.join(), /caronte\.target\.ca.*ENOENT/);
  });

  it('resolves its start with the trouble that keeps it from working', async () => {
    const engine = new FakeEngine();
    const start = engine.tunnel.start(LAUNCH);
    (await engine.started()).observer.onState?.({ kind: 'stopped', trouble: TROUBLE });
    const state = await start;
    assert.deepEqual(state, { kind: 'trouble', plan: PLAN, trouble: TROUBLE });
    assert.ok(!isRunning(state));
  });

  it('keeps its public address while it reconnects', async () => {
    const engine = new FakeEngine();
    const start = engine.tunnel.start(LAUNCH);
    const agent = await engine.started();
    agent.live();
    await start;
    const trouble = { code: 'proxy_unreachable', message: 'refused' } as const;
    agent.observer.onState?.({ kind: 'retrying', attempt: 1, delayMs: 9, until: 9, trouble });
    assert.equal(publicUrlOf(engine.tunnel.state), 'https://proxy.example/f/orders');
    agent.observer.onState?.({ kind: 'connecting', attempt: 2 });
    assert.equal(publicUrlOf(engine.tunnel.state), 'https://proxy.example/f/orders');
  });

  it('ends the agent before a second start, and hears no more of it', async () => {
    const engine = new FakeEngine();
    const first = engine.tunnel.start(LAUNCH);
    const old = await engine.started();
    old.live();
    await first;
    const second = engine.tunnel.start({ ...LAUNCH, takeover: true });
    const agent = await engine.started();
    assert.equal(old.ended, 'close');
    old.observer.onState?.({ kind: 'stopped', trouble: TROUBLE });
    agent.live();
    assert.equal((await second).kind, 'live');
    assert.equal(agent.options.takeover, true);
  });

  it('is off after a stop, and says that it stops', async () => {
    const engine = new FakeEngine();
    const start = engine.tunnel.start(LAUNCH);
    const agent = await engine.started();
    agent.live();
    await start;
    await engine.tunnel.stop();
    assert.deepEqual(engine.states, ['connecting', 'connecting', 'live', 'stopping', 'off']);
    assert.equal(agent.ended, 'close');
    await engine.tunnel.stop();
  });

  it('does not wait for exchanges in hand when it is stopped a second time', async () => {
    const engine = new FakeEngine();
    const start = engine.tunnel.start(LAUNCH);
    const agent = await engine.started();
    agent.live();
    await start;
    agent.closesAtOnce = false;
    const stop = engine.tunnel.stop();
    await engine.tunnel.stop();
    await stop;
    assert.equal(agent.ended, 'destroy');
    assert.equal(engine.tunnel.state.kind, 'off');
  });

  it('is off if it was stopped before its engine was there', async () => {
    const engine = new FakeEngine();
    const start = engine.tunnel.start(LAUNCH);
    await engine.tunnel.stop();
    await start;
    assert.equal(engine.tunnel.state.kind, 'off');
    assert.equal(engine.agents.length, 0);
  });
});

describe('a tunnel’s queue', () => {
  async function live(engine: FakeEngine, launch = LAUNCH): Promise<FakeAgent> {
    const start = engine.tunnel.start(launch);
    const agent = await engine.started();
    agent.live();
    await start;
    return agent;
  }

  it('is kept and delivered as the settings say', async () => {
    const engine = new FakeEngine();
    const { options } = await live(engine);
    const { review, ...policy } = PLAN.queue;
    assert.equal(options.offline, 'queue');
    assert.deepEqual(options.queue, { ...policy, paused: review });
  });

  it('waits for a person from the start if that is set, or a person had paused it before', async () => {
    const engine = new FakeEngine();
    const plan = { ...PLAN, queue: { ...PLAN.queue, review: true } };
    assert.equal((await live(engine, { ...LAUNCH, plan })).options.queue?.paused, true);
    engine.wasPaused = true;
    assert.equal((await live(engine)).options.queue?.paused, true);
  });

  it('is reached by the way of the tunnel, while that is up', async () => {
    const engine = new FakeEngine();
    assert.equal(engine.tunnel.queue, undefined);
    await live(engine);
    assert.equal(engine.tunnel.queue, engine.queue);
    const { proxyUrl, secret, code, network } = engine.ways[0] ?? {};
    assert.deepEqual([proxyUrl, secret, code], [PLAN.proxyUrl, 'a-secret', 'orders']);
    assert.equal(network?.httpsProxy, 'http://env:3128');
    await engine.tunnel.stop();
    assert.equal(engine.tunnel.queue, undefined);
    assert.deepEqual(engine.queue.asked, ['destroy']);
  });

  it('is told of until the tunnel ends, and then no more', async () => {
    const engine = new FakeEngine();
    const told: (number | undefined)[] = [];
    const missed: number[] = [];
    engine.tunnel.queueChanged.on((state) => told.push(state?.waiting));
    engine.tunnel.missed.on(({ refused }) => missed.push(refused));
    const { observer } = await live(engine);
    observer.onQueue?.({ ...EMPTY, waiting: 12 });
    observer.onMissed?.({ refused: 3, quota: 0, expired: 0, since: 1 });
    await engine.tunnel.stop();
    observer.onQueue?.({ ...EMPTY, waiting: 13 });
    observer.onMissed?.({ refused: 4, quota: 0, expired: 0, since: 1 });
    assert.deepEqual([told, missed], [[12, undefined], [3]]);
  });

  it('is not known of a tunnel that has stopped by itself', async () => {
    const engine = new FakeEngine();
    const told: unknown[] = [];
    const { observer } = await live(engine);
    engine.tunnel.queueChanged.on((state) => told.push(state));
    observer.onState?.({ kind: 'stopped', trouble: TROUBLE });
    assert.deepEqual(told, [undefined]);
  });

  it('is paused by the engine, which remembers it, and told at once', async () => {
    const engine = new FakeEngine();
    assert.equal(await engine.tunnel.setPaused(true), false);
    await live(engine);
    const told: unknown[] = [];
    engine.tunnel.queueChanged.on((state) => told.push(state?.paused));
    assert.equal(await engine.tunnel.setPaused(true), true);
    assert.deepEqual(told, [true]);
  });
});

describe('the target’s health', () => {
  const unknown: TargetHealth = { kind: 'unknown' };

  it('follows what the target did last', () => {
    const answers = nextHealth(unknown, {
      type: 'response',
      id: 'a',
      at: 1,
      status: 204,
      reason: '',
      fields: [],
    });
    assert.deepEqual(answers, { kind: 'answers', at: 1, status: 204 });
    const fails = nextHealth(answers, {
      type: 'attempt-failed',
      id: 'a',
      at: 2,
      attempt: 1,
      detail: 'refused',
      pauseMs: 1,
    });
    assert.deepEqual(fails, { kind: 'fails', at: 2, detail: 'refused' });
  });

  it('does not change with what says nothing about it', () => {
    const event = { type: 'ended', id: 'a', at: 1, outcome: { kind: 'replied' } } as const;
    assert.equal(nextHealth(unknown, event), unknown);
  });
});
