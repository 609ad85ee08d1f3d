import assert from 'node:assert/strict';
import { readSettings } from '../../../src/extension/settings/read.ts';
import {
  completePlan,
  draftPlan,
  isSamePlan,
  readStartOptions,
} from '../../../src/extension/tunnel/plan.ts';

const DEFAULTS = ['POST', 'PUT', 'PATCH', 'DELETE'];

const { settings } = readSettings(
  (key) => ({ proxyUrl: 'https://p.example', code: 'orders', 'target.port': 3000 })[key as string],
);

describe('start options', () => {
  it('may be missing or whatever a menu passes', () => {
    for (const value of [undefined, null, 'x', 5, { kind: 'tunnel' }, {}]) {
      assert.deepEqual(readStartOptions(value), {});
    }
  });

  it('are taken where they fit, and the rest is left out', () => {
    assert.deepEqual(readStartOptions({ port: 80, code: 'a', secret: 'x', takeover: true }), {
      port: 80,
      code: 'a',
      takeover: true,
    });
  });

  it('are refused by name where they cannot be used', () => {
    assert.throws(() => readStartOptions({ port: 0 }), /"port"/);
    assert.throws(() => readStartOptions({ proxyUrl: 'ftp://x' }), /"proxyUrl"/);
    assert.throws(() => readStartOptions({ host: 'a/b' }), /"host"/);
    assert.throws(() => readStartOptions({ takeover: 'yes' }), /"takeover"/);
  });
});

describe('a tunnel’s plan', () => {
  it('prefers options to settings', () => {
    const plan = completePlan(draftPlan(settings, { port: 4000 }));
    assert.equal(plan?.code, 'orders');
    assert.deepEqual(plan?.target, { protocol: 'http', host: 'localhost', port: 4000 });
  });

  it('needs no port where the settings name a socket, unless an option names a host or a port', () => {
    const socket = '/run/app.sock';
    const values = { proxyUrl: 'https://p.example', code: 'orders', 'target.socket': socket };
    const settings = readSettings((key) => (values as Record<string, unknown>)[key]).settings;
    const plan = completePlan(draftPlan(settings, {}));
    assert.equal(plan?.target.socket, socket);
    const other = completePlan(draftPlan(settings, { port: 4000 }));
    assert.deepEqual(other?.target, { protocol: 'http', host: 'localhost', port: 4000 });
    assert.equal(completePlan(draftPlan(settings, { host: 'a' })), undefined);
    assert.ok(plan !== undefined);
    const moved = { ...plan, target: { ...plan.target, socket: '/run/b.sock' } };
    assert.ok(!isSamePlan(plan, moved));
  });

  it('is not there while a part is missing', () => {
    const nothing = readSettings(() => undefined).settings;
    assert.equal(completePlan(draftPlan(nothing, { code: 'a', port: 1 })), undefined);
  });

  it('is the same only if every part is', () => {
    const plan = completePlan(draftPlan(settings, {}));
    assert.ok(plan !== undefined);
    assert.ok(isSamePlan(plan, { ...plan, target: { ...plan.target } }));
    assert.ok(isSamePlan(plan, { ...plan, manner: { ...plan.manner } }));
    for (const other of [
      { hostHeader: 'preserve' },
      { caFile: '/ca.pem' },
      { insecure: true },
      { rewritePaths: true },
    ]) {
      assert.ok(!isSamePlan(plan, { ...plan, manner: { ...plan.manner, ...other } }));
    }
    assert.ok(!isSamePlan(plan, { ...plan, sendReply: false }));
    assert.ok(!isSamePlan(plan, { ...plan, offline: 'queue' }));
    assert.ok(isSamePlan(plan, { ...plan, queue: { ...plan.queue, methods: [...DEFAULTS] } }));
    for (const other of [
      { review: true },
      { parallel: 2 },
      { methods: ['POST'] },
      { refused: 'dead' },
      { dedupeSeconds: 1 },
    ] as const) {
      assert.ok(!isSamePlan(plan, { ...plan, queue: { ...plan.queue, ...other } }));
    }
    assert.ok(!isSamePlan(plan, { ...plan, share: 'balance' }));
    assert.ok(!isSamePlan(plan, { ...plan, target: { ...plan.target, port: 1 } }));
  });
});
