import assert from 'node:assert/strict';
import { call, field } from './support/caller.ts';
import { jsonLine, jsonOf } from './support/json-lines.ts';
import { expectProblem } from './support/problem.ts';
import { ok } from './support/raw-target.ts';
import { type Rig, useRig } from './support/rig.ts';
import { within } from './support/waiting.ts';

/** A target that answers with its name. */
async function named(rig: Rig, name: string): Promise<number> {
  return (await rig.rawTarget((_request, socket) => socket.write(ok(name)))).port;
}

describe('an agent with the wrong secret', () => {
  const rig = useRig();

  it('says so and exits with 1, while proxy and other agents go on', async () => {
    const targetPort = await named(rig(), 'mine');
    const { proxy, agent, port, base } = await rig().tunnel({ targetPort });
    const stranger = rig().agent({ port, code: 'other', targetPort }, ['--log-format', 'pretty'], {
      secret: 'not-the-secret-of-this-proxy',
    });
    const end = await within(5_000, 'end of the agent', stranger.ended);
    assert.deepEqual(end, { code: 1, signal: null });
    await stranger.text(/stopped: secret refused/);
    await stranger.text(/the secret that the proxy was started with/);
    assert.ok(!stranger.output.includes('not-the-secret'));

    assert.equal((await call(port, { path: `${base}/` })).body.toString(), 'mine');
    assert.ok(proxy.isRunning && agent.isRunning);
  });
});

describe('a code that no agent serves', () => {
  const rig = useRig();

  it('gets 503 with Retry-After once the wait for an agent is over', async () => {
    const { port } = await rig().proxy(['--agent-wait', '1']);
    const answer = await call(port, { path: '/forward/nobody/x' });
    expectProblem(answer, 503, 'no_agent');
    assert.match(field(answer, 'retry-after') ?? '', /^\d+$/);
    assert.ok(answer.ms >= 950 && answer.ms < 2_500, `${answer.ms} ms`);
  });

  it('is served if its agent comes while the caller waits', async () => {
    const targetPort = await named(rig(), 'came in time');
    const { port } = await rig().proxy(['--agent-wait', '10']);
    const answer = call(port, { path: '/forward/late/x' });
    rig().agent({ port, code: 'late', targetPort }, ['--send-reply']);
    assert.equal((await answer).body.toString(), 'came in time');
  });

  it('is 404 if it cannot be a code at all', async () => {
    const { port } = await rig().proxy();
    for (const path of ['/forward/-x/', '/forward//x', '/forward/a%20b/', '/elsewhere', '/']) {
      expectProblem(await call(port, { path }), 404, 'not_found');
    }
  });
});

describe('a second agent on the same code', () => {
  const rig = useRig();

  it('is refused with the reason, and the first one notices nothing', async () => {
    const first = await named(rig(), 'first');
    const { agent, port, base } = await rig().tunnel({ targetPort: first });
    const targetPort = await named(rig(), 'second');
    const second = rig().agent({ port, code: 'orders', targetPort }, ['--send-reply']);

    const end = await within(5_000, 'end of the agent', second.ended);
    assert.deepEqual(end, { code: 1, signal: null });
    const stopped = await jsonLine(second, { event: 'state', state: 'stopped' });
    assert.match(JSON.stringify(stopped['trouble']), /code_in_use.*served by another agent/);
    assert.equal((await call(port, { path: `${base}/` })).body.toString(), 'first');
    assert.ok(agent.isRunning);
    const states = agent.lines.map(jsonOf).filter((value) => value?.['event'] === 'state');
    assert.equal(states.length, 2);
  });

  it('takes the code over when told to, and the first one says so and exits', async () => {
    const first = await named(rig(), 'first');
    const { agent, port, base } = await rig().tunnel({ targetPort: first });
    const targetPort = await named(rig(), 'second');
    const second = rig().agent({ port, code: 'orders', targetPort }, [
      '--send-reply',
      '--takeover',
    ]);
    await jsonLine(second, { event: 'state', state: 'live' });

    const end = await within(5_000, 'end of the agent', agent.ended);
    assert.deepEqual(end, { code: 1, signal: null });
    const stopped = await jsonLine(agent, { event: 'state', state: 'stopped' });
    assert.match(JSON.stringify(stopped['trouble']), /taken_over.*took the code over/);
    assert.equal((await call(port, { path: `${base}/` })).body.toString(), 'second');
  });

  it('is refused in the same folder too: two terminals are two agents', async () => {
    const cwd = rig().folder();
    const { port } = await rig().proxy();
    const targetPort = await named(rig(), 'target');
    const tunnel = { port, code: 'orders', targetPort };
    const first = rig().agent(tunnel, ['--send-reply'], { cwd });
    await jsonLine(first, { event: 'state', state: 'live' });
    const second = rig().agent(tunnel, ['--send-reply'], { cwd });
    assert.equal((await within(5_000, 'end of the agent', second.ended)).code, 1);
    assert.equal((await call(port, { path: '/forward/orders/' })).status, 200);
  });
});
