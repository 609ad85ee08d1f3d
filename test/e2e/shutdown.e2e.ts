import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { LedgerTarget } from './support/ledger.ts';
import { contradictions, KIB, Load, tally } from './support/load.ts';
import { expectProblem } from './support/problem.ts';
import { useRig } from './support/rig.ts';
import { within } from './support/waiting.ts';
import { underWay } from './support/under-way.ts';

const DRAIN = ['--drain-timeout', '4'];

const CLEAN = { code: 0, signal: null };

describe('a shutdown by SIGTERM', () => {
  const rig = useRig();

  it('of the proxy lets exchanges in flight finish, and exits with 0', async () => {
    const target = await LedgerTarget.start(rig());
    const tunnel = await rig().tunnel({ targetPort: target.port, proxyFlags: DRAIN });
    const waiting = await underWay(rig(), tunnel, target, 'wait 1500');
    const dripping = await underWay(rig(), tunnel, target, 'drip 100');
    await within(5_000, 'head', dripping.head);
    const early = await rig().caller(tunnel.port);

    const mark = tunnel.agent.mark();
    tunnel.proxy.signal('SIGTERM');
    await jsonLine(tunnel.agent, { state: 'retrying' }, { from: mark });
    // New requests are told to come again.
    const late = await within(5_000, 'answer', early.send({ path: `${tunnel.base}/` }).whole);
    expectProblem(late, 503, 'draining');

    assert.equal((await within(5_000, 'answer', waiting.whole)).status, 200);
    assert.equal((await within(5_000, 'answer', dripping.whole)).body.length, 100 * KIB);
    assert.deepEqual(await within(5_000, 'end of the proxy', tunnel.proxy.ended), CLEAN);
  });

  it('of the proxy under load loses nothing that it had taken', async function () {
    this.timeout(30_000);
    const target = await LedgerTarget.start(rig());
    const { proxy, port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: DRAIN,
    });
    const load = new Load({
      port,
      base,
      callers: 16,
      next: (index) => ({ size: index % 5 === 0 ? 300 * KIB : KIB, action: 'echo' }),
      limitMs: 5_000,
    });
    await load.more(60);
    assert.deepEqual(await proxy.end('SIGTERM'), CLEAN);
    const outcomes = await load.stop();

    // Broken is only a connection that was used again while it was being closed.
    const others = outcomes.filter((outcome) => {
      if (outcome.kind === 'problem') return outcome.code !== 'draining';
      if (outcome.kind === 'broken') return outcome.error.status !== undefined;
      return outcome.kind === 'wrong' || outcome.kind === 'hung';
    });
    assert.equal(tally(others), '');
    assert.deepEqual(contradictions(outcomes, await target.entries()), []);
  });

  it('of the agent finishes the exchanges in hand, and exits with 0', async () => {
    const target = await LedgerTarget.start(rig());
    const tunnel = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: ['--agent-wait', '1'],
    });
    const waiting = await underWay(rig(), tunnel, target, 'wait 1500');
    const dripping = await underWay(rig(), tunnel, target, 'drip 100');

    tunnel.agent.signal('SIGTERM');
    await jsonLine(tunnel.agent, { event: 'stopping', inHand: 2 });
    assert.equal((await within(5_000, 'answer', waiting.whole)).status, 200);
    assert.equal((await within(5_000, 'answer', dripping.whole)).body.length, 100 * KIB);
    assert.deepEqual(await within(5_000, 'end of the agent', tunnel.agent.ended), CLEAN);

    const answer = await call(tunnel.port, { path: `${tunnel.base}/` });
    expectProblem(answer, 503, 'no_agent');
    assert.ok(tunnel.proxy.isRunning);
  });

  it('of the agent under load hands what it has not taken to the next one', async function () {
    this.timeout(30_000);
    const target = await LedgerTarget.start(rig());
    const { agent, port, base } = await rig().tunnel({ targetPort: target.port });
    const load = new Load({
      port,
      base,
      callers: 16,
      next: (index) => ({ size: index % 5 === 0 ? 300 * KIB : KIB, action: 'echo' }),
      limitMs: 8_000,
    });
    let current = agent;
    for (let round = 0; round < 3; round += 1) {
      await load.more(60);
      assert.deepEqual(await current.end('SIGTERM'), CLEAN);
      current = rig().agent({ port, code: 'orders', targetPort: target.port }, ['--send-reply']);
    }
    await load.more(60);
    const outcomes = await load.stop();
    assert.equal(tally(outcomes), `${outcomes.length} right`);
    assert.deepEqual(contradictions(outcomes, await target.entries()), []);
  });
});
