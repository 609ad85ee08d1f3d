import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { call } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { ok } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';

/** A clock that jumps by 6 s counts as a sleep. In milliseconds. */
const SLEEP_MS = 6_500;

/** From waking until all must be served, in milliseconds. */
const AWAKE_MS = 5_000;

describe('an agent that slept', () => {
  const rig = useRig();

  it('is live again within 5 s of waking, and serves what is new and what arrived in its sleep, once', async function () {
    this.timeout(40_000);
    const target = await rig().rawTarget(({ path }, socket) => socket.write(ok(path)));
    const { agent, port, base } = await rig().tunnel({
      targetPort: target.port,
      // Else it counts as lost before it wakes.
      proxyFlags: ['--agent-grace', '60'],
    });
    assert.equal((await call(port, { path: `${base}/before` })).status, 200);

    const mark = agent.mark();
    agent.signal('SIGSTOP');
    const asleep = ['/a', '/b', '/c'].map((path) => call(port, { path: base + path }, 20_000));
    // The length of the sleep is what is tested.
    await delay(SLEEP_MS);
    agent.signal('SIGCONT');
    const woken = performance.now();
    await jsonLine(agent, { event: 'state', state: 'live' }, { from: mark, ms: AWAKE_MS });
    const answers = await Promise.all([...asleep, call(port, { path: `${base}/awake` })]);
    assert.ok(performance.now() - woken < AWAKE_MS);

    const paths = ['/a', '/b', '/c', '/awake'];
    assert.deepEqual(
      answers.map(({ body }) => body.toString()),
      paths,
    );
    const served = target.requests.map(({ path }) => path);
    assert.equal(served.length, 1 + paths.length);
    assert.deepEqual(new Set(served), new Set(['/before', ...paths]));
  });
});
