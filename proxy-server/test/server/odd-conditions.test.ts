import assert from 'node:assert/strict';
import {
  encodeEnd,
  encodeFailure,
  encodeResponse,
  encodeResponseStart,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { gather, TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

function data(text: string): string {
  return recordHeader(RECORD.data, text.length) + text;
}
describe('a proxy under odd conditions', () => {
  let fixture: Fixture;
  afterEach(() => fixture.stop());

  for (const kind of ['whole', 'start'])
    it(`answers 502 for a reason phrase that no response may have (${kind})`, async () => {
      fixture = await new Fixture().start();
      const agent = await fixture.agent();
      const caller = fixture.get();
      const { head } = await agent.take();
      const h = { id: head.id, status: 200, reason: 'O\rK', fields: [] };
      await agent.reply(
        ...(kind === 'whole' ? [encodeResponse(h, 0)] : [encodeResponseStart(h), encodeEnd([])]),
      );
      const r = await caller.response();
      assert.equal(problemCode(r), 'agent_misbehaved');
    });
  it('gives its own reason when it refuses the agent’s head', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const caller = fixture.get();
    const { head } = await agent.take();
    await agent.reply(
      encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: ['A', 'b\0'] }, 0),
    );
    assert.equal((await caller.response()).statusLine, 'HTTP/1.1 502 Bad Gateway');
  });
  for (const length of ['0x5', '5e0', '+5', '5.0', '', '1, 1'])
    it(`never passes the Content-Length "${length}" on`, async () => {
      fixture = await new Fixture().start();
      const agent = await fixture.agent();
      const caller = fixture.get();
      const { head } = await agent.take();
      await agent.reply(
        encodeResponseStart({
          id: head.id,
          status: 200,
          reason: 'OK',
          fields: ['Content-Length', length],
        }),
        length === '' ? '' : data('hello'),
        encodeEnd([]),
      );
      await within(Promise.race([caller.closed, until(() => caller.rest.length > 0, 'x')]), 'y');
      await fixture.settled();
      assert.doesNotMatch(
        caller.rest.toString(),
        new RegExp('Content-Length: ' + length.replace(/[+.]/g, '\\$&') + '\r\n'),
      );
    });
  it('breaks the caller off when an END is malformed', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const caller = fixture.get();
    const { head } = await agent.take();
    const a = await agent.reply(
      encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields: [] }),
      data('half'),
      encodeEnd(['A']),
    );
    assert.equal(a.status, 400);
    await within(caller.closed, 'caller closed');
  });
  it('does not call an answer delivered that was longer than announced', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    fixture.get();
    const { head } = await agent.take();
    const a = await agent.reply(
      encodeResponseStart({
        id: head.id,
        status: 200,
        reason: 'OK',
        fields: ['Content-Length', '2'],
      }),
      data('okspite'),
      encodeEnd([]),
    );
    assert.deepEqual(
      a.results.map((r) => r.outcome),
      [2],
    );
  });
  it('keeps the connection after a problem when there is no body to drop', async () => {
    fixture = await new Fixture().start();
    const caller = fixture.call('GET /x HTTP/1.1\r\nHost: p\r\n\r\n');
    assert.doesNotMatch((await caller.response()).fields.join('\n'), /Connection\nclose/);
  });
  it('ends a poll whose session ends while the poll arrives', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const req = agent.open('POST', '/agent/poll', { 'Content-Length': '1' });
    const answer = gather(req);
    req.flushHeaders();
    await new Promise((r) => req.once('socket', (s) => s.once('connect', r)));
    await fixture.settled();
    await agent.bye();
    req.end(Buffer.from([1]));
    await within(answer, 'the poll');
  });
  it('puts an exchange back once when its lease ran out before the good-bye', async () => {
    fixture = await new Fixture({ agentGrace: 3600 }).start();
    const agent = await fixture.agent();
    fixture.get();
    await agent.take();
    fixture.clock.advance(6000);
    await agent.bye();
    const second = new TestAgent(fixture.port);
    await second.hello();
    const { exchanges } = await second.poll();
    assert.equal(exchanges.length, 1);
  });
  it('lets an agent resume its session when there are as many as there may be', async () => {
    fixture = await new Fixture({ maxSessions: 1 }).start();
    const agent = await fixture.agent();
    assert.equal((await agent.hello()).status, 200);
  });
  it('waits for exchanges in hand although the agent stops polling during a drain', async () => {
    fixture = await new Fixture({ agentGrace: 5, drainTimeout: 20 }).start();
    const agent = await fixture.agent();
    const caller = fixture.get();
    const { head } = await agent.take();
    const poll = agent.startPoll({ acknowledge: [head.id] });
    const closed = fixture.proxy.close();
    assert.equal((await within(poll.answer, 'notice')).draining, true);
    fixture.clock.advance(8000);
    const a = await agent.reply(
      encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, 2),
      'ok',
    );
    assert.equal(a.results[0]?.outcome, 1);
    assert.equal((await caller.response()).body.toString(), 'ok');
    await closed;
  });
  it('answers the reply that ends a drain', async () => {
    fixture = await new Fixture({ drainTimeout: 20 }).start();
    const agent = await fixture.agent();
    const caller = fixture.get();
    const { head } = await agent.take();
    const closed = fixture.proxy.close();
    const a = await agent.reply(
      encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, 2),
      'ok',
    );
    assert.equal(a.results[0]?.outcome, 1);
    assert.equal((await caller.response()).body.toString(), 'ok');
    await closed;
  });
  it('takes a request target in absolute form', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const c = fixture.call('GET http://p/forward/orders/a HTTP/1.1\r\nHost: p\r\n\r\n');
    void c;
    assert.equal((await agent.take()).head.target, '/a');
  });
  it('does not cancel what the agent itself failed', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    fixture.get();
    const { head } = await agent.take();
    const poll = agent.startPoll({ capacity: 0 });
    await agent.reply(encodeFailure({ id: head.id, code: 'target_timeout', detail: '' }));
    assert.equal(await stillWaits(poll.answer, 300), true);
  });
  it('loses nothing of the answers given when a slow caller reads on during a drain', async () => {
    fixture = await new Fixture({ drainTimeout: 10, agentGrace: 3600, maxPipelined: 200 }).start();
    const agent = await fixture.agent();
    const size = 64 * 1024;
    const count = 200;
    const caller = fixture.call();
    caller.socket.pause();
    caller.send('GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n\r\n'.repeat(count));
    const body = Buffer.alloc(size, 'x');
    let taken = 0;
    while (taken < count) {
      for (const { head } of (await agent.poll()).exchanges) {
        const answer = { id: head.id, status: 200, reason: 'OK', fields: [] };
        await agent.reply(encodeResponse(answer, size), body);
        taken += 1;
      }
    }
    const closed = fixture.proxy.close();
    caller.socket.resume();
    for (let read = 0; read < count; read += 1) {
      assert.equal((await caller.response()).body.length, size);
    }
    await within(closed, 'the end');
  });
});
