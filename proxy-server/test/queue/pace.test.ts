import assert from 'node:assert/strict';
import { encodeFailure, FAILURE, QUEUE_DEFAULTS } from '../../src/protocol/index.ts';
import { policy, QueueFixture } from '../support/queue-fixture.ts';
import type { Taken, TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('the pace of deliveries', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start();
  });
  afterEach(() => fixture.stop());

  /** The next exchange, without any time passing for the proxy: notices may come in between. */
  async function next(agent: TestAgent): Promise<Taken> {
    for (;;) {
      const [taken] = (await within(agent.poll({ capacity: 1 }), 'an exchange')).exchanges;
      if (taken !== undefined) return taken;
    }
  }

  /** What became of each delivery is in the store. */
  async function untilNoneIsUnderWay(): Promise<void> {
    for (;;) {
      const { entries } = await fixture.store.list('orders', 'waiting', undefined, 100);
      if (entries.every(({ state }) => state === 'waiting')) return;
    }
  }

  it('lets further ones begin in time while the first are still under way', async () => {
    const slowly = policy({ queue: { ...QUEUE_DEFAULTS, parallel: 10, perSecond: 2 } });
    await fixture.remembered(slowly);
    for (const body of ['1', '2', '3', '4']) await fixture.kept(body);
    const agent = await fixture.agent(slowly);
    assert.equal((await agent.poll()).exchanges.length, 2);
    // None of them is answered.
    for (const body of ['3', '4']) {
      await stillWaits(new Promise(() => undefined));
      fixture.clock.advance(500);
      assert.equal((await next(agent)).body.toString(), body);
    }
  });

  it('slows down once, and not once for each of those that were under way together', async () => {
    const parallel = policy({ queue: { ...QUEUE_DEFAULTS, parallel: 4 } });
    await fixture.remembered(parallel);
    for (const body of ['1', '2', '3', '4']) await fixture.kept(body);
    const agent = await fixture.agent(parallel);
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, 4);
    const failures = exchanges.map(({ head: { id } }) =>
      encodeFailure({ id, code: FAILURE.unreachable, detail: 'refused' }),
    );
    await agent.reply(...failures);
    await untilNoneIsUnderWay();
    fixture.clock.advance(1_000);
    assert.equal((await next(agent)).head.attempt, 2);
  });
});
