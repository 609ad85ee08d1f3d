import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { expectProblem } from './support/problem.ts';
import { ok, type RawTarget } from './support/raw-target.ts';
import { type Rig, useRig } from './support/rig.ts';
import { until } from './support/waiting.ts';

/** A target that is down, on a port that it can come back on. */
async function down(rig: Rig): Promise<{ port: number; up: () => Promise<RawTarget> }> {
  const target = await rig.rawTarget(() => undefined);
  const { port } = target;
  target.close();
  return {
    port,
    up: () => rig.rawTarget(({ body }, socket) => socket.write(ok(body)), port),
  };
}

describe('a target that refuses connections', () => {
  const rig = useRig();

  it('is tried again while the caller waits, and gets the request once it is up', async () => {
    const target = await down(rig());
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      agentFlags: ['--target-max-attempts', '8'],
    });
    const small = call(port, { method: 'POST', path: `${base}/small`, body: 'once' });
    const body = Buffer.alloc(300_000, 'large');
    const large = call(port, { method: 'POST', path: `${base}/large`, body });
    // Once this one has given up, the others have been refused at least once.
    const impatient = { port, code: 'impatient', targetPort: target.port };
    rig().agent(impatient, ['--send-reply', '--target-max-attempts', '2']);
    expectProblem(await call(port, { path: '/forward/impatient/' }), 502, 'target_unreachable');
    const { requests } = await target.up();

    assert.equal((await small).body.toString(), 'once');
    assert.ok((await large).body.equals(body));
    for (const path of ['/small', '/large']) {
      const shown = await jsonLine(agent, { event: 'exchange', path });
      assert.equal(shown['outcome'], 'replied');
      assert.ok(Number(shown['attempts']) > 1);
      assert.equal(requests.filter((request) => request.path === path).length, 1);
    }
  });

  it('is given up after as many attempts as were asked for, with its address and the cause', async () => {
    const target = await down(rig());
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      agentFlags: ['--target-max-attempts', '3'],
    });
    const answer = await call(port, { method: 'POST', path: `${base}/`, body: 'lost' });
    const detail = expectProblem(answer, 502, 'target_unreachable');
    assert.equal(detail, `http://127.0.0.1:${target.port}: connection refused after 3 attempts`);
    // Pauses of 0.1 and 0.2 s.
    assert.ok(answer.ms >= 280 && answer.ms < 2_000, `${answer.ms} ms`);
    const shown = await jsonLine(agent, { event: 'exchange' });
    assert.equal(shown['attempts'], 3);
  });

  it('is not tried again once a request was sent', async () => {
    const target = await rig().rawTarget((_request, socket) => socket.destroy());
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const answer = await call(port, { method: 'POST', path: `${base}/`, body: 'once' });
    const detail = expectProblem(answer, 502, 'target_broke_off');
    assert.ok(detail.startsWith(`http://127.0.0.1:${target.port}: `), detail);
    assert.equal((await call(port, { path: `${base}/` })).status, 502);
    assert.equal(target.requests.length, 2);
  });

  it('that takes too long makes a 504, and is left alone then', async () => {
    let closed = 0;
    const target = await rig().rawTarget((_request, socket) => {
      socket.on('close', () => (closed += 1));
    });
    const { port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: ['--max-timeout-response', '1'],
    });
    const answer = await call(port, { path: `${base}/` });
    expectProblem(answer, 504, 'response_timeout');
    assert.ok(answer.ms < 2_500, `${answer.ms} ms`);
    await until(() => closed === 1, 'end of the connection', 1_000);
  });
});
