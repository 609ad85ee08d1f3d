import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { call } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { type Entry, LedgerTarget } from './support/ledger.ts';
import { contradictions, KIB, Load, tally } from './support/load.ts';
import type { Program } from './support/program.ts';
import { type Rig, useRig } from './support/rig.ts';
import { until } from './support/waiting.ts';

/** Starts an agent that shares the code; resolves once it is live. */
async function join(
  rig: Rig,
  options: { readonly port: number; readonly targetPort: number; readonly share: string },
): Promise<Program> {
  const { share, ...rest } = options;
  const agent = rig.agent({ code: 'orders', ...rest }, ['--send-reply', '--share', share]);
  await jsonLine(agent, { event: 'state', state: 'live' });
  return agent;
}

/** What all targets together have got. */
function together(all: readonly ReadonlyMap<string, Entry>[]): ReadonlyMap<string, Entry> {
  const sum = new Map<string, Entry>();
  for (const [nonce, entry] of all.flatMap((entries) => [...entries])) {
    const before = sum.get(nonce);
    const heads = (before?.heads ?? 0) + entry.heads;
    const deliveries = [...(before?.deliveries ?? []), ...entry.deliveries];
    sum.set(nonce, { heads, hash: before?.hash ?? entry.hash, deliveries });
  }
  return sum;
}

describe('two agents that share a code by balance', () => {
  const rig = useRig();

  it('both work, each request goes to one of them, and one goes on when the other is killed', async function () {
    this.timeout(60_000);
    const { port } = await rig().proxy(['--agent-grace', '1']);
    const targets = [await LedgerTarget.start(rig()), await LedgerTarget.start(rig())];
    const agents: Program[] = [];
    for (const { port: targetPort } of targets) {
      agents.push(await join(rig(), { port, targetPort, share: 'balance' }));
    }
    const load = new Load({
      port,
      base: '/forward/orders',
      callers: 16,
      next: (index) => ({ size: index % 5 === 0 ? 200 * KIB : KIB, action: 'hash' }),
      limitMs: 8_000,
    });
    await load.more(300);
    for (const target of targets) {
      const { size } = await target.entries();
      assert.ok(size > 60, `${size} of the first 300`);
    }

    const killedAt = performance.now();
    await agents[0]?.end('SIGKILL');
    await load.more(200);
    const outcomes = await load.stop();
    for (const { at, kind } of outcomes) {
      // Only what was in the hands of the one that was killed may fail.
      assert.ok(kind === 'right' || at < killedAt + 1_000, tally(outcomes));
    }
    const failed = outcomes.filter(({ kind }) => kind !== 'right');
    for (const outcome of failed) {
      const how = outcome.kind === 'problem' ? outcome.code : outcome.kind;
      assert.ok(how === 'agent_lost' || how === 'broken', tally(failed));
    }
    const entries = await Promise.all(targets.map((target) => target.entries()));
    assert.deepEqual(contradictions(outcomes, together(entries)), []);
  });
});

describe('three agents that share a code by broadcast', () => {
  const rig = useRig();

  it('deliver each request to every target, and callers get the answer of the first', async function () {
    this.timeout(60_000);
    const { port } = await rig().proxy();
    const got: string[][] = [];
    const agents: Program[] = [];
    for (let at = 0; at < 3; at += 1) {
      const mine: string[] = [];
      got.push(mine);
      const targetPort = await rig().httpTarget((request, response) => {
        const hash = createHash('sha256');
        request.on('data', (piece: Buffer) => hash.update(piece));
        request.on('end', () => {
          mine.push(`${request.method} ${request.url} ${hash.digest('hex')}`);
          response.end(`target ${at}`);
        });
      });
      agents.push(await join(rig(), { port, targetPort, share: 'broadcast' }));
    }

    const sizes = [0, 1, 1000, 64 * KIB, 64 * KIB + 1, 3 * KIB * KIB];
    const expected = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const body = Buffer.alloc(sizes[index % sizes.length] ?? 0, `body ${index} `);
        const path = `/hook/${index}?a=b`;
        const { status, body: answer } = await call(port, {
          method: 'POST',
          path: `/forward/orders${path}`,
          body,
        });
        assert.deepEqual([status, answer.toString()], [200, 'target 0']);
        return `POST ${path} ${createHash('sha256').update(body).digest('hex')}`;
      }),
    );
    for (const mine of got) {
      await until(() => mine.length >= expected.length, 'copies at a target');
      assert.deepEqual(mine.toSorted(), expected.toSorted());
    }
    const [leader, ...others] = agents;
    for (const agent of others) {
      await jsonLine(agent, { event: 'exchange', status: 200, outcome: 'copied' });
      assert.ok(!agent.output.includes('"outcome":"replied"'));
    }
    assert.ok(!leader?.output.includes('"outcome":"copied"'));
  });

  it('answer by the next one when the first is killed', async function () {
    this.timeout(40_000);
    const { port } = await rig().proxy(['--agent-grace', '1']);
    const agents: Program[] = [];
    for (let at = 0; at < 2; at += 1) {
      const targetPort = await rig().httpTarget((_request, response) => {
        response.end(`target ${at}`);
      });
      agents.push(await join(rig(), { port, targetPort, share: 'broadcast' }));
    }
    const ask = async () => (await call(port, { path: '/forward/orders/' })).body.toString();
    assert.equal(await ask(), 'target 0');
    await agents[0]?.end('SIGKILL');
    await until(async () => (await ask()) === 'target 1', 'an answer of the second');
    assert.equal(await ask(), 'target 1');
  });
});

describe('an agent that would share a code that another has alone', () => {
  const rig = useRig();

  it('stops, and says why and what to do', async () => {
    const targetPort = await rig().httpTarget((_request, response) => response.end());
    const { port } = await rig().tunnel({ targetPort });
    const second = rig().agent({ port, code: 'orders', targetPort }, ['--share', 'balance']);
    const { trouble } = await jsonLine(second, { event: 'state', state: 'stopped' });
    const { code, message } = trouble as { code: string; message: string };
    assert.equal(code, 'code_in_use');
    assert.match(message, /served by another agent .* alone.*start both agents with the same/);
  });
});
