import assert from 'node:assert/strict';
import { answer, QueueFixture } from '../support/queue-fixture.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('stopping a proxy whose disk is full', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start();
  });
  afterEach(() => fixture.stop());

  for (const how of ['close', 'destroy'] as const) {
    it(`ends with ${how}() although a delivery cannot be settled`, async () => {
      await fixture.remembered();
      const id = await fixture.kept();
      const agent = await fixture.agent();
      const taken = await agent.take();
      await fixture.acknowledge(agent, taken);
      // As on a full disk, where settling waits for room.
      fixture.store.settle = () => new Promise(() => undefined);
      await answer(agent, taken);
      const stopped = fixture.proxy.proxy[how]();
      // The store's thread ends in its own time, not in the clock's.
      while (await stillWaits(stopped)) fixture.clock.advance(100);
      await fixture.restart();
      const again = await within((await fixture.agent()).take(), 'the delivery');
      assert.deepEqual([again.head.queued, again.head.attempt], [id, 2]);
    });
  }
});
