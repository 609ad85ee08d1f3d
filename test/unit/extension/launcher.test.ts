import assert from 'node:assert/strict';
import { LocalProxy } from '../../../src/extension/proxy/local-proxy.ts';
import { readSettings } from '../../../src/extension/settings/read.ts';
import { EchoTarget } from '../../../src/extension/tunnel/echo-target.ts';
import { type Answers, Launcher, type SetupState } from '../../../src/extension/tunnel/launcher.ts';
import { Tunnel } from '../../../src/extension/tunnel/tunnel.ts';
import type { AgentOptions } from '../../../src/agent/index.ts';
import { memoryLog } from './history-helpers.ts';

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
  answer: (state: SetupState) => SetupState | undefined = (state) => state;
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
              close: () => Promise.resolve(),
              destroy: () => Promise.resolve(),
            };
          },
          describeState: ({ kind }) => kind,
          defaults: { targetTimeoutMs: 1, pollTimeoutMs: 1 },
        }),
      onExchange: () => undefined,
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
      localProxy: new LocalProxy({ program: '/nowhere', log }),
      echo: new EchoTarget(),
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
