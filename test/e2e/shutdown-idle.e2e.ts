import assert from 'node:assert/strict';
import { useRig } from './support/rig.ts';

describe('a shutdown of the proxy by SIGTERM', () => {
  const rig = useRig();

  it('does not wait for a connection on which nothing was ever asked', async () => {
    const { proxy, port } = await rig().proxy();
    await rig().caller(port);
    assert.deepEqual(await proxy.end('SIGTERM', 2_000), { code: 0, signal: null });
  });
});
