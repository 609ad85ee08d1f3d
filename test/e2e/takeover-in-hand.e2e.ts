import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { ok } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';
import { until } from './support/waiting.ts';

describe('a second agent that takes the code over', () => {
  const rig = useRig();

  it('leaves the exchanges that the first one has in hand to the first one', async () => {
    let release: () => void = () => undefined;
    const first = await rig().rawTarget((_request, socket) => {
      release = () => socket.write(ok('from the first'));
    });
    const { agent, port, base } = await rig().tunnel({
      targetPort: first.port,
    });
    const answer = call(port, { path: `${base}/` });
    await until(() => first.requests.length === 1, 'request at the first target');
    const { port: targetPort } = await rig().rawTarget((_request, socket) =>
      socket.write(ok('second')),
    );
    rig().agent({ port, code: 'orders', targetPort }, ['--send-reply', '--takeover']);
    await jsonLine(agent, { event: 'state', state: 'stopped' });
    release();
    assert.equal((await answer).body.toString(), 'from the first');
  });
});
