import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { jsonOf } from './support/json-lines.ts';
import { LedgerTarget } from './support/ledger.ts';
import { contradictions, KIB, Load, tally } from './support/load.ts';
import { expectProblem } from './support/problem.ts';
import { useRig } from './support/rig.ts';

function next(index: number): { size: number; action: string } {
  if (index % 5 === 0) return { size: 200 * KIB, action: 'echo' };
  if (index % 4 === 0) return { size: 10, action: 'drip 40' };
  if (index % 3 === 0) return { size: KIB, action: 'wait 50' };
  return { size: KIB, action: 'hash' };
}

describe('a target that is killed under load', () => {
  const rig = useRig();

  it('is named in a 502 with the cause, serves again after its return, and gets nothing twice', async function () {
    this.timeout(40_000);
    const target = await LedgerTarget.start(rig());
    const { port, base } = await rig().tunnel({
      targetPort: target.port,
      agentFlags: ['--target-max-attempts', '3'],
    });
    const load = new Load({ port, base, callers: 24, next, limitMs: 5_000 });
    for (let round = 0; round < 3; round += 1) {
      await load.more(60);
      await target.kill();
      await load.more(24, 'problem');
      await target.restart();
    }
    await load.more(60);
    const outcomes = await load.stop();

    const seen = new Set<string>();
    for (const outcome of outcomes) {
      if (outcome.kind !== 'problem') continue;
      const detail = expectProblem(outcome.answer, 502, outcome.code);
      assert.ok(detail.startsWith(`http://127.0.0.1:${target.port}: `), detail);
      seen.add(outcome.code);
      if (outcome.code === 'target_unreachable') {
        assert.match(detail, /connection refused after 3 attempts$/);
      } else {
        assert.match(detail, /: \S.*\S$/);
      }
    }
    assert.deepEqual(seen, new Set(['target_broke_off', 'target_unreachable']));
    const others = outcomes.filter(({ kind }) => !['right', 'problem', 'broken'].includes(kind));
    assert.equal(tally(others), '');
    assert.deepEqual(contradictions(outcomes, await target.entries()), []);
  });

  it('gets what had not been sent once it is back within the pauses between attempts', async function () {
    this.timeout(30_000);
    const target = await LedgerTarget.start(rig());
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      agentFlags: ['--target-max-attempts', '30'],
    });
    await target.kill();
    const calls = Array.from({ length: 40 }, (_, index) =>
      call(
        port,
        {
          method: 'POST',
          path: `${base}/`,
          fields: [
            ['X-Nonce', `n${index}`],
            ['X-Do', 'echo'],
          ],
          body: Buffer.alloc(index % 4 === 0 ? 200 * KIB : index, index),
        },
        15_000,
      ),
    );
    // Once this one has given up, the others have been refused at least once.
    const impatient = { port, code: 'impatient', targetPort: target.port };
    rig().agent(impatient, ['--send-reply', '--target-max-attempts', '2']);
    expectProblem(await call(port, { path: '/forward/impatient/' }), 502, 'target_unreachable');
    await target.restart();
    const answers = await Promise.all(calls);

    for (const [index, answer] of answers.entries()) {
      assert.equal(answer.status, 200);
      assert.ok(answer.body.equals(Buffer.alloc(index % 4 === 0 ? 200 * KIB : index, index)));
    }
    const entries = await target.entries();
    assert.equal(entries.size, 40);
    assert.ok([...entries.values()].every(({ heads }) => heads === 1));
    await agent.find('a request that was tried again', (line) => {
      return Number(jsonOf(line)?.['attempts'] ?? 0) > 1 ? true : undefined;
    });
  });
});
