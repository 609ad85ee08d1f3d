import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  encodeFailure,
  encodeResponse,
  encodeResponseStart,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { HALF_CLOSE_MS } from '../../src/http/index.ts';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { gather, records } from '../support/test-agent.ts';
import { until, within } from '../support/wait.ts';

describe('a hostile caller', () => {
  let fixture: Fixture;
  afterEach(() => fixture.stop());

  it('does not end the process by resetting a refused CONNECT', async () => {
    fixture = await new Fixture().start();
    for (let round = 0; round < 20; round += 1) {
      const caller = fixture.call();
      await once(caller.socket, 'connect');
      caller.send('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
      caller.socket.resetAndDestroy();
      await caller.closed;
    }
    await fixture.settled();
    const other = fixture.call('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(problemCode(await other.response()), 'method_not_allowed');
  });

  it('does not keep places in flight by leaving pipelined requests behind', async () => {
    fixture = await new Fixture({ maxInFlight: 4 }).start();
    const agent = await fixture.agent();
    for (let round = 0; round < 2; round += 1) {
      const caller = fixture.call('GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n\r\n'.repeat(6));
      await agent.take();
      fixture.leave(caller);
      await caller.closed;
      await fixture.settled();
    }
    const callers = [fixture.get(), fixture.get(), fixture.get()];
    await fixture.settled();
    for (const caller of callers) assert.equal(caller.rest.length, 0, 'refused as busy');
  });

  it('does not keep places in flight by leaving pipelined answers behind', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const head = 'POST /forward/orders/ HTTP/1.1\r\nHost: p\r\nContent-Length: 1\r\n\r\nx';
    const caller = fixture.call(head.repeat(3));
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, 3);
    const ids = exchanges.map((taken) => taken.head.id);
    // Answers to the last two have to wait for the first one, which never comes.
    for (const id of ids.slice(1)) {
      await agent.reply(encodeResponse({ id, status: 200, reason: 'OK', fields: [] }, 2), 'ok');
    }
    // Late enough to be a departure: right after a request, a FIN says "that was all".
    fixture.clock.advance(HALF_CLOSE_MS + 1);
    caller.destroy();
    // The clock stands still from here: nothing but the end of all exchanges lets it close.
    await within(fixture.proxy.close(), 'the end of all exchanges');
  });

  it('that sends a large body before it reads finds the answer all the same', async () => {
    fixture = await new Fixture({ maxBody: 1000 }).start();
    const size = 8 * 1024 * 1024;
    const caller = fixture.call();
    caller.socket.pause();
    caller.send(`POST /forward/orders/ HTTP/1.1\r\nHost: p\r\nContent-Length: ${size}\r\n\r\n`);
    await new Promise((resolve) => caller.socket.write(Buffer.alloc(size), resolve));
    caller.socket.resume();
    assert.equal(problemCode(await caller.response()), 'body_too_large');
    await within(caller.closed, 'the end of the connection');
  });

  it('never finds a refusal in the middle of another answer', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const caller = fixture.get();
    const { head } = await agent.take();
    const request = agent.open('POST', '/agent/reply');
    void gather(request).catch(() => undefined);
    const fields = ['Content-Length', '400'];
    request.write(records(encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields })));
    request.write(Buffer.from(`${recordHeader(RECORD.data, 4)}part`, 'latin1'));
    await until(() => caller.rest.includes('part'), 'the first part');
    caller.send('garbage\r\n\r\n');
    await within(caller.closed, 'the end of the connection');
    assert.doesNotMatch(caller.rest.toString(), /HTTP\/1\.1 400/);
  });

  it('does not hold a connection open after its request was refused', async () => {
    fixture = await new Fixture().start();
    const caller = fixture.call('garbage\r\n\r\n', true);
    assert.equal(problemCode(await caller.response()), 'bad_request');
    // The caller never closes its side; what it sends is answered by a reset once nobody is there.
    const nagging = setInterval(() => caller.send('x'), 50);
    try {
      await within(caller.closed, 'the end of the connection', 4_000);
    } finally {
      clearInterval(nagging);
    }
  }).timeout(6_000);
});

describe('a hostile agent', () => {
  let fixture: Fixture;
  afterEach(() => fixture.stop());

  it('may send only so many replies in one request', async () => {
    fixture = await new Fixture().start();
    const agent = await fixture.agent();
    const failure = encodeFailure({ id: '0'.repeat(32), code: 'target_timeout', detail: '' });
    assert.equal((await agent.reply(failure.repeat(4096))).results.length, 4096);
    assert.equal((await agent.reply(failure.repeat(4097))).status, 400);
  });
});
