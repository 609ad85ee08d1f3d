import assert from 'node:assert/strict';
import { LocalProxy } from '../../../src/extension/proxy/local-proxy.ts';
import { readEditorNetwork } from '../../../src/extension/settings/network.ts';
import { readSettings } from '../../../src/extension/settings/read.ts';
import { EchoTarget } from '../../../src/extension/tunnel/echo-target.ts';
import { type Answers, Launcher, type SetupState } from '../../../src/extension/tunnel/launcher.ts';
import { Tunnel } from '../../../src/extension/tunnel/tunnel.ts';
import type { AgentOptions } from '../../../src/agent/index.ts';
import { memoryLog } from './history-helpers.ts';
import { FakeQueue } from './queue-helpers.ts';

const ALL = { proxyUrl: 'https://p.example', code: 'orders', 'target.port': 3000 };

/** A launcher with everything around it in memory; its agents are live at once. */
class Bench {
  values: Record<string, unknown> = {};
  secrets = new Map<string, string>();
  saved: Answers[] = [];
  asked: SetupState[] = [];
  missing: string[] = [];
  trusted = true;
  restarts = 0;
  started: AgentOptions[] = [];
  answer: (state: SetupState) => SetupState | undefined | Promise<SetupState | undefined> = (
    state,
  ) => state;
  readonly echo = new EchoTarget();
  readonly tunnel: Tunnel;
  readonly launcher: Launcher;

  constructor() {
    const log = memoryLog();
    this.tunnel = new Tunnel({
      loadEngine: () =>
        Promise.resolve({
          createAgent: (options, observer) => {
            this.started.push(options);
            return {
              state: { kind: 'idle' },
              inHand: 0,
              start: () => {
                observer.onState?.({ kind: 'live', since: 1, publicUrls: ['https://p.example/x'] });
              },
              setPaused: () => Promise.reject(new Error('there is no queue')),
              close: () => Promise.resolve(),
              destroy: () => Promise.resolve(),
            };
          },
          createQueueClient: () => new FakeQueue(),
          staleSignature: () => undefined,
          staleSignatures: () => Promise.resolve(new Map()),
          networkFromEnvironment: () => ({}),
          isNetworkProxy: () => true,
          describeState: ({ kind }) => kind,
          defaults: { targetTimeoutMs: 1, pollTimeoutMs: 1 },
        }),
      onExchange: () => undefined,
      wasPaused: () => false,
      network: () => readEditorNetwork(() => undefined),
      log,
      software: 'test/1',
      installation: () => '0'.repeat(32),
    });
    this.launcher = new Launcher({
      readSettings: () => readSettings((key) => this.values[key]).settings,
      secrets: {
        get: (url) => Promise.resolve(this.secrets.get(new URL(url).origin)),
        set: (url, secret) => {
          this.secrets.set(new URL(url).origin, secret);
          return Promise.resolve();
        },
      },
      localProxy: new LocalProxy({ program: '/nowhere', dataDir: undefined, log }),
      echo: this.echo,
      tunnel: this.tunnel,
      ask: (state) => {
        this.asked.push(state);
        return Promise.resolve(this.answer(state));
      },
      suggestCode: () => 'suggested',
      save: (answers) => {
        if (!this.trusted) return Promise.resolve(false);
        this.saved.push(answers);
        if (answers.proxyUrl !== undefined) this.values['proxyUrl'] = answers.proxyUrl;
        if (answers.code !== undefined) this.values['code'] = answers.code;
        if (answers.port !== undefined) this.values['target.port'] = answers.port;
        return Promise.resolve(true);
      },
      onSecretMissing: (url) => this.missing.push(url),
      onRestart: () => {
        this.restarts++;
      },
      log,
    });
  }

  /** Answers everything that is asked. */
  answerAll(): void {
    this.answer = (state) => ({
      ...state,
      secret: 'typed-secret',
      draft: { ...state.draft, proxyUrl: 'https://p.example', code: 'typed', port: 4000 },
    });
  }
}

describe('starting a tunnel', () => {
  it('saves the answers that are no secret, and keeps the secret apart', async () => {
    const bench = new Bench();
    bench.answerAll();
    const state = await bench.launcher.start({}, 'ask');
    assert.equal(state?.kind, 'live');
    assert.deepEqual(bench.saved, [{ proxyUrl: 'https://p.example', code: 'typed', port: 4000 }]);
    assert.equal(bench.secrets.get('https://p.example'), 'typed-secret');
    assert.equal(bench.started[0]?.secret, 'typed-secret');
    assert.deepEqual(bench.launcher.overrides, {});
  });

  it('keeps the answers for this run only in a folder that is not trusted', async () => {
    const bench = new Bench();
    bench.trusted = false;
    bench.answerAll();
    await bench.launcher.start({}, 'ask');
    assert.deepEqual(bench.saved, []);
    assert.deepEqual(bench.launcher.overrides, {
      proxyUrl: 'https://p.example',
      code: 'typed',
      port: 4000,
    });
  });

  it('starts nothing if the user gives up', async () => {
    const bench = new Bench();
    bench.answer = () => undefined;
    assert.equal(await bench.launcher.start({}, 'ask'), undefined);
    assert.equal(bench.tunnel.state.kind, 'off');
  });

  it('asks nothing when it starts by itself: without a secret it stays off', async () => {
    const bench = new Bench();
    bench.values = ALL;
    assert.equal(await bench.launcher.start({}, 'quiet'), undefined);
    bench.secrets.set('https://p.example', 's');
    assert.equal((await bench.launcher.start({}, 'quiet'))?.kind, 'live');
    assert.deepEqual(bench.asked, []);
  });

  it('has one sequence of questions at a time', async () => {
    const bench = new Bench();
    bench.answerAll();
    await Promise.all([bench.launcher.start({}, 'ask'), bench.launcher.start({}, 'ask')]);
    assert.equal(bench.asked.length, 1);
    assert.equal(bench.started.length, 1);
  });

  it('leads to an echo service if the user wants one, which no setting remembers', async () => {
    const bench = new Bench();
    bench.values = { proxyUrl: 'https://p.example', code: 'orders' };
    bench.secrets.set('https://p.example', 's');
    bench.answer = (state) => ({ ...state, useEcho: true });
    await bench.launcher.start({}, 'ask');
    const target = bench.started[0]?.target ?? '';
    assert.match(target, /^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await fetch(target, { method: 'POST', body: 'any data' });
    assert.equal(await answer.text(), 'any data');
    assert.deepEqual(bench.saved, []);
    await bench.launcher.stop();
    await assert.rejects(fetch(target));
  });
});

describe('stopping while a start is under way', () => {
  /** A start that waits for its answers, which `answer` gives. */
  function asking(): { bench: Bench; answer: () => void } {
    const bench = new Bench();
    bench.answerAll();
    const { answer } = bench;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    bench.answer = async (state) => {
      await released;
      return answer(state);
    };
    return { bench, answer: release };
  }

  it('cancels it: nothing starts, and nothing is kept', async () => {
    const { bench, answer } = asking();
    const start = bench.launcher.start({}, 'ask');
    await bench.launcher.stop();
    answer();
    assert.equal(await start, undefined);
    assert.equal(bench.tunnel.state.kind, 'off');
    assert.deepEqual([bench.saved, bench.secrets.size], [[], 0]);
  });

  it('lets a start that comes after it begin anew', async () => {
    const { bench, answer } = asking();
    const first = bench.launcher.start({}, 'ask');
    await bench.launcher.stop();
    const second = bench.launcher.start({ code: 'second' }, 'ask');
    answer();
    assert.equal(await first, undefined);
    assert.equal((await second)?.kind, 'live');
    assert.equal(bench.started.length, 1);
  });

  it('leaves no echo service behind', async () => {
    const { bench, answer } = asking();
    const { answer: all, echo } = bench;
    const listen = echo.start.bind(echo);
    echo.start = async () => {
      await bench.launcher.stop();
      return listen();
    };
    bench.answer = async (state) => {
      const answered = await all(state);
      return answered && { ...answered, useEcho: true };
    };
    const start = bench.launcher.start({}, 'ask');
    answer();
    assert.equal(await start, undefined);
    assert.equal(echo.port, undefined);
    assert.equal(bench.started.length, 0);
  });
});

describe('a change of settings', () => {
  async function running(): Promise<Bench> {
    const bench = new Bench();
    bench.values = { ...ALL };
    bench.secrets.set('https://p.example', 's');
    await bench.launcher.start({}, 'ask');
    return bench;
  }

  it('restarts the tunnel if it would be another', async () => {
    const bench = await running();
    bench.values['target.port'] = 5000;
    await bench.launcher.onSettingsChanged();
    assert.equal(bench.started.length, 2);
    assert.equal(bench.started[1]?.target, 'http://localhost:5000');
    assert.equal(bench.restarts, 1, 'and it is said');
  });

  it('counts as well if a start is under way', async () => {
    const bench = new Bench();
    bench.values = { ...ALL };
    bench.secrets.set('https://p.example', 's');
    let changed: Promise<void> | undefined;
    bench.answer = async (state) => {
      await Promise.resolve();
      bench.values['target.port'] = 5000;
      changed = bench.launcher.onSettingsChanged();
      return state;
    };
    await bench.launcher.start({}, 'ask');
    await changed;
    assert.deepEqual(
      bench.started.map(({ target }) => target),
      ['http://localhost:3000', 'http://localhost:5000'],
    );
  });

  it('does not start again what is stopped meanwhile', async () => {
    const bench = await running();
    bench.values['target.port'] = 5000;
    const changed = bench.launcher.onSettingsChanged();
    await bench.launcher.stop();
    await changed;
    assert.equal(bench.tunnel.state.kind, 'off');
    assert.equal(bench.started.length, 1);
  });

  it('leaves it alone if it would be the same, or cannot be started', async () => {
    const bench = await running();
    bench.values['history.limit'] = 20;
    await bench.launcher.onSettingsChanged();
    bench.values['code'] = '';
    await bench.launcher.onSettingsChanged();
    assert.equal(bench.started.length, 1);
    assert.equal(bench.tunnel.state.kind, 'live');
  });

  it('starts nothing that is off', async () => {
    const bench = await running();
    await bench.launcher.stop();
    bench.values['target.port'] = 5000;
    await bench.launcher.onSettingsChanged();
    assert.equal(bench.started.length, 1);
  });

  it('does not undo what a command said', async () => {
    const bench = new Bench();
    bench.values = { ...ALL };
    bench.secrets.set('https://p.example', 's');
    await bench.launcher.start({ port: 9999 }, 'ask');
    bench.values['target.port'] = 5000;
    await bench.launcher.onSettingsChanged();
    assert.equal(bench.started.length, 1);
    assert.equal(bench.started[0]?.target, 'http://localhost:9999');
  });

  it('asks for a secret that is not known, and goes on as it was until then', async () => {
    const bench = await running();
    bench.values['proxyUrl'] = 'https://other.example';
    await bench.launcher.onSettingsChanged();
    assert.deepEqual(bench.missing, ['https://other.example']);
    assert.equal(bench.started.length, 1);
  });
});
