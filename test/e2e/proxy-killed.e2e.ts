import assert from 'node:assert/strict';
import { jsonLine, jsonOf } from './support/json-lines.ts';
import { LedgerTarget } from './support/ledger.ts';
import { contradictions, KIB, Load, type Outcome, tally } from './support/load.ts';
import { useRig } from './support/rig.ts';

/** From the proxy's return until the agent must be live again, in milliseconds. */
const LIVE_MS = 3_000;

const FLAGS = ['--agent-wait', '2', '--agent-grace', '2', '--max-timeout-response', '4'];

/** The longest that any caller may have to wait with those flags, and some air, in milliseconds. */
const LIMIT_MS = 5_000;

function next(index: number): { size: number; action: string } {
  if (index % 11 === 0) return { size: 300 * KIB, action: 'echo' };
  if (index % 7 === 0) return { size: 100, action: 'drip 20' };
  return { size: KIB, action: index % 2 === 0 ? 'hash' : 'echo' };
}

function expectOnly(outcomes: readonly Outcome[], kinds: readonly string[]): void {
  const others = outcomes.filter((outcome) => {
    return !kinds.includes(outcome.kind === 'problem' ? outcome.code : outcome.kind);
  });
  assert.equal(tally(others), '');
}

describe('a proxy that is killed under load', () => {
  const rig = useRig();

  it('has its agent back within 3 s of its return, and nobody hangs', async function () {
    this.timeout(40_000);
    const target = await LedgerTarget.start(rig());
    const { proxy, agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: FLAGS,
    });
    const load = new Load({ port, base, callers: 16, next, limitMs: LIMIT_MS });
    await load.more(100);

    const mark = agent.mark();
    await proxy.end('SIGKILL');
    await load.more(5, 'refused');
    await rig().proxy(FLAGS, port);
    await jsonLine(agent, { event: 'state', state: 'live' }, { from: mark, ms: LIVE_MS });
    await load.more(100);
    const outcomes = await load.stop();

    expectOnly(outcomes, ['right', 'broken', 'refused', 'no_agent']);
    assert.ok(outcomes.some(({ kind }) => kind === 'broken'));
    assert.deepEqual(contradictions(outcomes, await target.entries()), []);
  });

  it('is found within 3 s however long it was away', async function () {
    this.timeout(40_000);
    const target = await LedgerTarget.start(rig());
    const { proxy, agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: FLAGS,
    });
    const mark = agent.mark();
    await proxy.end('SIGKILL');
    // From the sixth attempt on the pauses do not grow any more.
    await agent.find(
      'a sixth attempt',
      (line) => {
        const state = jsonOf(line);
        return state?.['state'] === 'retrying' && Number(state['attempt']) >= 6 ? state : undefined;
      },
      { from: mark, ms: 20_000 },
    );
    const trouble = await jsonLine(agent, { state: 'retrying' }, { from: mark });
    assert.match(JSON.stringify(trouble['trouble']), /proxy_unreachable/);

    const beforeReturn = agent.mark();
    await rig().proxy(FLAGS, port);
    await jsonLine(agent, { state: 'live' }, { from: beforeReturn, ms: LIVE_MS });
    const load = new Load({ port, base, callers: 4, next, limitMs: LIMIT_MS });
    await load.more(20);
    expectOnly(await load.stop(), ['right']);
  });
});
