import { AGENT_PATHS, encodeQueue, QUEUE_DEFAULTS, type QueueState } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { TroubleError } from '../../../src/agent/trouble.ts';
import { type Asked, records, refuse } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { turns, until } from './support/wait.ts';

const EMPTY: QueueState = { waiting: 0, dead: 0, oldestAt: undefined, paused: false };
const FULL: QueueState = { waiting: 12, dead: 1, oldestAt: 1_790_000_000_000, paused: true };

describe('an agent whose tunnel queues', () => {
  let fixture: Fixture;

  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(() => fixture.stop());

  async function live(...start: Parameters<Fixture['start']>): Promise<void> {
    await fixture.start(...start);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  }

  /** The proxy does not know the agent any more; resolves with what its next hello says of pausing. */
  async function pausedInNextHello(): Promise<boolean | undefined> {
    refuse(await fixture.proxy.poll(), 404, 'session_unknown');
    await fixture.reaches('retrying');
    fixture.clock.advance(2_500);
    const { policy } = await fixture.proxy.welcome();
    await fixture.reaches('live');
    return policy.queue?.paused;
  }

  /** Asks to pause or go on, and answers as a proxy does. */
  async function setPaused(paused: boolean, answer: (asked: Asked) => void): Promise<QueueState> {
    const done = fixture.agent.setPaused(paused);
    const step = paused ? 'pause' : 'resume';
    answer(await fixture.proxy.next(`${AGENT_PATHS.queue}orders/${step}`));
    return done;
  }

  it('says so in its hello, with the defaults for what its host left out', async () => {
    await fixture.start({ offline: 'queue', queue: { parallel: 4, paused: true } });
    const { policy } = await fixture.proxy.welcome();
    assert.equal(policy.offline, 'queue');
    assert.deepEqual(policy.queue, { ...QUEUE_DEFAULTS, parallel: 4, paused: true });
  });

  it('stops for good where the proxy keeps no queue', async () => {
    await fixture.start({ offline: 'queue' });
    refuse(await fixture.proxy.next(AGENT_PATHS.hello), 501, 'queue_unavailable');
    await fixture.reaches('stopped');
    assert.equal(fixture.trouble, 'queue_unavailable');
  });

  it('passes on what the answer to each hello says of the queue', async () => {
    await fixture.start({ offline: 'queue' });
    await fixture.proxy.welcome({ queue: FULL });
    await fixture.reaches('live');
    await pausedInNextHello();
    assert.deepEqual(fixture.queues, [FULL]);
  });

  it('passes on what was missed, once a hello, unless that is nothing', async () => {
    const missed = { refused: 3, quota: 0, expired: 0, since: 1_790_000_000_000 };
    await fixture.start();
    await fixture.proxy.welcome({ missed });
    await fixture.reaches('live');
    refuse(await fixture.proxy.poll(), 404, 'session_unknown');
    await fixture.reaches('retrying');
    fixture.clock.advance(2_500);
    await fixture.proxy.welcome({ missed: { refused: 0, quota: 0, expired: 0 } });
    await fixture.reaches('live');
    assert.deepEqual(fixture.missed, [missed]);
  });

  it('passes on what polls say of the queue', async () => {
    await live({ offline: 'queue' });
    for (const state of [FULL, EMPTY]) {
      (await fixture.proxy.poll()).response.end(records(encodeQueue(state)));
    }
    await until(() => fixture.queues.length === 2, 'two states');
    assert.deepEqual(fixture.queues, [FULL, EMPTY]);
    assert.equal(fixture.agent.state.kind, 'live');
  });

  it('takes no notice of what polls of an earlier connection say of it', async () => {
    await live({ offline: 'queue' });
    const [old, other] = [await fixture.proxy.poll(), await fixture.proxy.poll()];
    refuse(other, 404, 'session_unknown');
    await fixture.reaches('retrying');
    old.response.end(records(encodeQueue(FULL)));
    await turns();
    assert.deepEqual(fixture.queues, []);
  });

  it('tells the proxy to pause and to go on, and stays with that', async () => {
    await live({ offline: 'queue', queue: { paused: true } });
    const going = await setPaused(false, ({ request, response }) => {
      assert.equal(request.method, 'POST');
      assert.equal(request.headers.authorization, 'Bearer a secret of the tests');
      response.end(JSON.stringify({ queue: { ...FULL, paused: false } }));
    });
    assert.deepEqual(going, { ...FULL, paused: false });
    assert.equal(await pausedInNextHello(), false);
    await setPaused(true, ({ response }) => response.end(JSON.stringify({ queue: FULL })));
    assert.equal(await pausedInNextHello(), true);
  });

  it('does not say what the proxy has refused', async () => {
    await live({ offline: 'queue' });
    await assert.rejects(
      setPaused(true, (asked) => refuse(asked, 501, 'queue_unavailable')),
      (error) => error instanceof TroubleError && error.trouble.code === 'queue_unavailable',
    );
    assert.equal(await pausedInNextHello(), false);
  });

  it('does not undo what somebody else told the proxy', async () => {
    await live({ offline: 'queue', queue: { paused: true } });
    (await fixture.proxy.poll()).response.end(records(encodeQueue({ ...FULL, paused: false })));
    await until(() => fixture.queues.length === 1, 'the state');
    assert.equal(await pausedInNextHello(), false);
  });
});
