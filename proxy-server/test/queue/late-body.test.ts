import assert from 'node:assert/strict';
import { keptId, QueueFixture } from '../support/queue-fixture.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('a small body that comes a moment after its head', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start();
  });
  afterEach(() => fixture.stop());

  for (const framing of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
    it(`is kept if its agent is lost after it fetched it (${framing})`, async () => {
      const chunked = framing.startsWith('T');
      const agent = await fixture.agent();
      const caller = fixture.proxy.call(
        `POST /forward/orders/hook HTTP/1.1\r\nHost: p\r\n${framing}\r\n\r\n`,
      );
      const response = caller.response();
      assert.equal(await stillWaits(response), true);
      fixture.clock.advance(20);
      const taken = await agent.take();
      assert.equal(taken.head.body.kind, 'stream');
      await fixture.acknowledge(agent, taken);
      caller.send(chunked ? '5\r\nhello\r\n0\r\n\r\n' : 'hello');
      await agent.fetchBody(taken.head.id);
      await agent.bye();
      const id = keptId(await within(response, 'a 202'));

      const other = await fixture.agent();
      const again = await other.take();
      assert.deepEqual([again.head.queued, again.head.attempt], [id, 2]);
      assert.equal(again.body.toString(), 'hello');
    });
  }
});
