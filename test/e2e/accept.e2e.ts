import assert from 'node:assert/strict';
import { call, field } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { KIB } from './support/load.ts';
import { ok, responseText } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';
import { until } from './support/waiting.ts';

describe('a tunnel that does not send replies', () => {
  const rig = useRig();

  it('answers 202 with the id of the exchange before the target has answered', async () => {
    let release: () => void = () => undefined;
    const target = await rig().rawTarget((_request, socket) => {
      release = () => socket.write(ok('only for the agent'));
    });
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      sendReply: false,
    });
    const answer = await call(port, { method: 'POST', path: `${base}/hook`, body: 'payload' });
    assert.equal(answer.status, 202);
    assert.equal(field(answer, 'caronte-error'), undefined);
    const { id } = JSON.parse(answer.body.toString()) as { id: string };
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(field(answer, 'caronte-exchange'), id);

    await until(() => target.requests.length === 1, 'request at the target');
    assert.equal(target.requests[0]?.body.toString(), 'payload');
    release();
    const shown = await jsonLine(agent, { event: 'exchange', id });
    assert.deepEqual([shown['status'], shown['outcome'], shown['path']], [200, 'kept', '/hook']);
  });

  it('has the whole of a large body before it answers 202', async () => {
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(responseText(['HTTP/1.1 500 Broken', 'Content-Length: 0']));
    });
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      sendReply: false,
    });
    const body = Buffer.alloc(3 * KIB * KIB, 'large');
    const answer = await call(port, { method: 'POST', path: `${base}/`, body });
    assert.equal(answer.status, 202);
    const shown = await jsonLine(agent, { event: 'exchange', outcome: 'kept' });
    assert.equal(shown['status'], 500);
    assert.ok(target.requests[0]?.body.equals(body));
  });

  it('shows on the side of the agent that the target cannot be reached', async () => {
    const gone = await rig().rawTarget(() => undefined);
    const { port: targetPort } = gone;
    gone.close();
    const { agent, port, base } = await rig().tunnel({
      targetPort,
      sendReply: false,
      agentFlags: ['--target-max-attempts', '2'],
    });
    assert.equal((await call(port, { path: `${base}/` })).status, 202);
    const shown = await jsonLine(agent, { event: 'exchange' });
    assert.equal(shown['code'], 'target_unreachable');
    assert.equal(shown['attempts'], 2);
  });
});
