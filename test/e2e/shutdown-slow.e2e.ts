import assert from 'node:assert/strict';
import { headText } from './support/caller.ts';
import { ok } from './support/raw-target.ts';
import { LedgerTarget } from './support/ledger.ts';
import { useRig } from './support/rig.ts';
import { until, within } from './support/waiting.ts';
import { underWay } from './support/under-way.ts';

const CLEAN = { code: 0, signal: null };

describe('a shutdown of the proxy by SIGTERM that takes its time', () => {
  const rig = useRig();

  it('of the proxy waits for an answer for longer than an agent may be away', async () => {
    const target = await LedgerTarget.start(rig());
    const tunnel = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: ['--agent-grace', '1', '--drain-timeout', '10'],
    });
    const waiting = await underWay(rig(), tunnel, target, 'wait 3000');
    tunnel.proxy.signal('SIGTERM');
    assert.equal((await within(5_000, 'answer', waiting.whole)).status, 200);
    assert.deepEqual(await within(5_000, 'end of the proxy', tunnel.proxy.ended), CLEAN);
  });

  it('of the proxy sends what it has answered to a caller who reads slowly', async () => {
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(ok(Buffer.alloc(60_000)));
    });
    const count = 300;
    const { proxy, port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: ['--max-pipelined', String(count)],
    });
    const caller = await rig().caller(port);
    caller.socket.pause();
    const replies = Array.from({ length: count }, () => {
      const reply = caller.expect('GET');
      caller.socket.write(headText({ path: `${base}/` }, 0));
      return reply.whole;
    });
    // More than fits into the buffers of the kernel; all of it is answered.
    await until(() => target.requests.length === count, 'requests at the target');
    await proxy.text(/./);
    proxy.signal('SIGTERM');
    await proxy.text(/shutting down/);
    caller.socket.resume();
    const answers = await within(8_000, 'answers', Promise.all(replies));
    assert.ok(answers.every(({ body }) => body.length === 60_000));
    assert.deepEqual(await within(5_000, 'end of the proxy', proxy.ended), CLEAN);
  });
});
