import assert from 'node:assert/strict';
import { BrokenOff, type Caller, field, type Reply } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { LedgerTarget } from './support/ledger.ts';
import { contradictions, KIB, Load, type Outcome, tally } from './support/load.ts';
import { expectProblem } from './support/problem.ts';
import { useRig } from './support/rig.ts';
import { until, within } from './support/waiting.ts';

const FLAGS = ['--agent-wait', '1', '--agent-grace', '1', '--max-timeout-response', '10'];

/** Grace time for the agent, then the wait for another one, and some air, in milliseconds. */
const LIMIT_MS = 4_000;

function next(index: number): { size: number; action: string } {
  if (index % 5 === 0) return { size: 200 * KIB, action: 'echo' };
  if (index % 3 === 0) return { size: 10, action: 'drip 50' };
  return { size: KIB, action: 'hash' };
}

function expectOnly(outcomes: readonly Outcome[], kinds: readonly string[]): void {
  const others = outcomes.filter((outcome) => {
    return !kinds.includes(outcome.kind === 'problem' ? outcome.code : outcome.kind);
  });
  assert.equal(tally(others), '');
}

describe('an agent that is killed under load', () => {
  const rig = useRig();

  it('leaves no caller in silence, and another agent takes over', async function () {
    this.timeout(40_000);
    const target = await LedgerTarget.start(rig());
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: FLAGS,
    });
    const load = new Load({ port, base, callers: 24, next, limitMs: LIMIT_MS });
    await load.more(60);

    const killedAt = performance.now();
    await agent.end('SIGKILL');
    await load.more(10, 'problem');
    // In a folder of its own, so that the proxy takes it for a stranger.
    const successor = rig().agent({ port, code: 'orders', targetPort: target.port }, [
      '--send-reply',
    ]);
    await jsonLine(successor, { event: 'state', state: 'live' });
    await load.more(60);
    const outcomes = await load.stop();

    expectOnly(outcomes, ['right', 'broken', 'agent_lost', 'no_agent']);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'problem') continue;
      expectProblem(outcome.answer, outcome.code === 'no_agent' ? 503 : 502, outcome.code);
      if (outcome.code === 'no_agent') assert.equal(field(outcome.answer, 'retry-after'), '1');
    }
    const inFlight = outcomes.filter(({ at, ms }) => at < killedAt && at + ms > killedAt);
    const failures = inFlight.filter(({ kind }) => kind !== 'right');
    assert.ok(failures.length > 0, tally(inFlight));
    assert.deepEqual(contradictions(outcomes, await target.entries()), []);
  });

  it('fails callers that wait for an answer with 502, and breaks off answers that had begun', async function () {
    this.timeout(30_000);
    const target = await LedgerTarget.start(rig());
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: FLAGS,
    });
    const send = (caller: Caller, nonce: string, action: string): Reply =>
      caller.send({
        path: `${base}/`,
        fields: [
          ['X-Nonce', nonce],
          ['X-Do', action],
        ],
      });
    const waiting = send(await rig().caller(port), 'waiting', 'wait 60000');
    const begun = send(await rig().caller(port), 'begun', 'drip 60000');
    await within(5_000, 'head', begun.head);
    await until(() => begun.bytes > 2 * KIB, 'beginning of a body');
    await target.arrived('waiting');

    await agent.end('SIGKILL');
    expectProblem(await within(LIMIT_MS, 'answer', waiting.whole), 502, 'agent_lost');
    await assert.rejects(
      within(LIMIT_MS, 'end of the connection', begun.whole),
      (error) => error instanceof BrokenOff && error.status === 200,
    );
  });
});
