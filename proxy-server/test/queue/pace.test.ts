import assert from 'node:assert/strict';
import { QUEUE_DEFAULTS } from '../../src/protocol/index.ts';
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
});
