import assert from 'node:assert/strict';
import { HALF_CLOSE_MS, meaningOfEnd } from '../../src/http/index.ts';
import {
  encodeEnd,
  encodeResponse,
  encodeResponseStart,
  RECORD,
} from '../../src/protocol/index.ts';
import type { RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { gather, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

describe('what a FIN means', () => {
  it('is that the caller waits if it came right after the request', () => {
    assert.equal(meaningOfEnd(true, 0), 'half_closed');
    assert.equal(meaningOfEnd(true, HALF_CLOSE_MS), 'half_closed');
  });

  it('is that the caller left if it came later, or not from a caller', () => {
    assert.equal(meaningOfEnd(true, HALF_CLOSE_MS + 1), 'left');
    assert.equal(meaningOfEnd(true, undefined), 'left');
  });

  it('is nothing once all is answered', () => {
    assert.equal(meaningOfEnd(false, HALF_CLOSE_MS + 1), 'idle');
    assert.equal(meaningOfEnd(false, undefined), 'idle');
  });
});

describe('a caller that sends FIN', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 36_000, maxTimeoutResponse: 120 }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  const GET = 'GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n\r\n';

  function answer(id: string, body: string): Promise<unknown> {
    const head = { id, status: 200, reason: 'OK', fields: [] };
    return agent.reply(encodeResponse(head, body.length), body);
  }

  function halfClosed(text: string): RawCaller {
    const caller = fixture.call('', true);
    caller.socket.end(text);
    return caller;
  }

  for (const [what, text] of [
    ['without a body', GET],
    ['with a body', 'POST /forward/orders/ HTTP/1.1\r\nHost: p\r\nContent-Length: 2\r\n\r\nab'],
    ['of HTTP/1.0', 'GET /forward/orders/ HTTP/1.0\r\n\r\n'],
  ] as const) {
    it(`right after its request ${what} gets its answer, and then the proxy's FIN`, async () => {
      const caller = halfClosed(text);
      const { head } = await agent.take();
      // However long that takes.
      fixture.clock.advance(60_000);
      await answer(head.id, 'late');
      assert.equal((await caller.response()).body.toString(), 'late');
      await within(caller.closed, 'the end of the connection');
    });
  }

  it('after several requests at once gets all of the answers', async () => {
    const caller = halfClosed(GET.repeat(3));
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, 3);
    for (const [index, { head }] of exchanges.toReversed().entries()) {
      await answer(head.id, String(2 - index));
    }
    for (const expected of ['0', '1', '2']) {
      assert.equal((await caller.response()).body.toString(), expected);
    }
    await within(caller.closed, 'the end of the connection');
  });

  it('and is gone is noticed by what is written to it', async () => {
    const caller = fixture.call(GET);
    const { head } = await agent.take();
    caller.destroy();
    await caller.closed;
    await fixture.settled();
    const reply = agent.open('POST', '/agent/reply');
    gather(reply).catch(() => undefined);
    const start = encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields: [] });
    reply.write(Buffer.from(`\x01${start}`, 'latin1'));
    const notice = agent.poll({ capacity: 0 });
    // The first bytes bring the reset, the next ones find it.
    while (await stillWaits(notice, 10)) reply.write(Buffer.from([RECORD.data, 0, 0, 0, 1, 0]));
    const { cancelled } = await notice;
    assert.deepEqual(cancelled, [{ id: head.id, reason: 'caller_gone' }]);
    reply.destroy();
  });

  it('later than that has left, although it could still read', async () => {
    const caller = fixture.call(GET, true);
    const { head } = await agent.take();
    fixture.clock.advance(HALF_CLOSE_MS + 1);
    caller.socket.end();
    const { cancelled } = await agent.poll({ capacity: 0 });
    assert.deepEqual(cancelled, [{ id: head.id, reason: 'caller_gone' }]);
    await within(caller.closed, 'the end of the connection');
  });

  it('in the middle of its body has left', async () => {
    const caller = fixture.call(
      'POST /forward/orders/ HTTP/1.1\r\nHost: p\r\nContent-Length: 70000\r\n\r\nab',
      true,
    );
    const { head } = await agent.take();
    caller.socket.end();
    const { cancelled } = await agent.poll({ capacity: 0 });
    assert.deepEqual(cancelled, [{ id: head.id, reason: 'caller_gone' }]);
  });

  it('while a request behind an answered one waits has left', async () => {
    const caller = fixture.call(GET + GET, true);
    const { exchanges } = await agent.poll();
    const [first, second] = exchanges;
    assert.ok(first !== undefined && second !== undefined);
    await answer(second.head.id, 'second');
    fixture.clock.advance(HALF_CLOSE_MS + 1);
    caller.socket.end();
    const { cancelled } = await agent.poll({ capacity: 0 });
    assert.deepEqual(cancelled, [{ id: first.head.id, reason: 'caller_gone' }]);
  });

  it('while its answer is on its way gets the rest of it', async () => {
    const caller = fixture.call(GET, true);
    caller.socket.pause();
    const { head } = await agent.take();
    const size = 4 * 1024 * 1024;
    const start = encodeResponseStart({
      id: head.id,
      status: 200,
      reason: 'OK',
      fields: ['Content-Length', String(size)],
    });
    const reply = agent.open('POST', '/agent/reply');
    void gather(reply);
    reply.write(Buffer.from(`\x01${start}`, 'latin1'));
    for (let sent = 0; sent < size; sent += 1024 * 1024) {
      reply.write(Buffer.from([0x22, 0, 0x10, 0, 0]));
      reply.write(Buffer.alloc(1024 * 1024));
    }
    reply.end(encodeEnd([]), 'latin1');
    caller.socket.resume();
    await until(() => caller.rest.length > size - 512 * 1024, 'most of the answer');
    assert.equal((await caller.response()).body.length, size);
  });

  it('an agent whose poll waits is noticed at once', async () => {
    const poll = agent.startPoll();
    poll.answer.catch(() => undefined);
    await fixture.settled();
    poll.request.destroy();
    await fixture.settled();
    // The exchange goes to the poll that is there, and is not lost on the other.
    fixture.get('next');
    assert.equal((await agent.take()).head.target, '/next');
  });
});
