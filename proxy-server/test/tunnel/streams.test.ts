import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import {
  encodeAbort,
  encodeEnd,
  encodeResponseStart,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { field, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { gather, results, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

function data(bytes: Buffer | string): Buffer {
  const payload = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(recordHeader(RECORD.data, payload.length), 'latin1'), payload]);
}

describe('a reply in pieces', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 36_000, maxTimeoutResponse: 120 }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  /** An exchange whose reply has begun. */
  async function begin(fields: readonly string[] = [], callerFields = '') {
    const caller = fixture.get('', 'GET', callerFields);
    const { head } = await agent.take();
    const reply = agent.open('POST', '/agent/reply');
    const answer = gather(reply);
    reply.write('\x01');
    send(reply, encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields }));
    return { caller, id: head.id, reply, answer };
  }

  function send(reply: ClientRequest, record: string | Buffer): void {
    reply.write(typeof record === 'string' ? Buffer.from(record, 'latin1') : record);
  }

  /** What the caller has got so far. */
  function seen(caller: RawCaller): string {
    return caller.rest.toString('latin1');
  }

  it('reaches the caller piece by piece, the head before any of them', async () => {
    const { caller, id, reply, answer } = await begin(['Content-Type', 'text/event-stream']);
    await until(() => seen(caller).endsWith('\r\n\r\n'), 'the head');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      send(reply, data(event));
      await until(() => seen(caller).includes(event), event);
    }
    send(reply, encodeEnd([]));
    reply.end();
    assert.deepEqual(results((await answer).body), [{ id, outcome: 1 }]);
    const response = await caller.response();
    assert.equal(field(response.fields, 'Transfer-Encoding'), 'chunked');
    assert.equal(response.body.toString(), 'data: 1\n\ndata: 2\n\n');
  });

  it('has a head whose bytes above 0x7F are as the target sent them', async () => {
    const { caller } = await begin(['X-Bytes', 'caf\xe9 \xff\x80']);
    await until(() => seen(caller).endsWith('\r\n\r\n'), 'the head');
    assert.match(seen(caller), /\r\nX-Bytes: caf\xe9 \xff\x80\r\n/);
  });

  it('keeps the length that the target announced', async () => {
    const body = randomBytes(500_000);
    const { caller, reply } = await begin(['Content-Length', String(body.length)]);
    for (let at = 0; at < body.length; at += 90_000) {
      send(reply, data(body.subarray(at, at + 90_000)));
    }
    send(reply, encodeEnd([]));
    reply.end();
    const response = await caller.response();
    assert.equal(field(response.fields, 'Content-Length'), '500000');
    assert.equal(field(response.fields, 'Transfer-Encoding'), undefined);
    assert.deepEqual(response.body, body);
  });

  it('brings its trailers, but none that would change the message', async () => {
    const { caller, reply } = await begin();
    send(reply, data('x'));
    send(reply, encodeEnd(['X-Sum', '1', 'Content-Length', '9', 'x-sum', '2']));
    reply.end();
    assert.deepEqual((await caller.response()).trailers, ['X-Sum', '1', 'x-sum', '2']);
  });

  it('ends with the connection for a caller of HTTP/1.0', async () => {
    const caller = fixture.call('GET /forward/orders/ HTTP/1.0\r\n\r\n');
    const { head } = await agent.take();
    const start = encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields: [] });
    await agent.reply(start, data('old'), encodeEnd([]));
    const response = await caller.response();
    assert.equal(field(response.fields, 'Transfer-Encoding'), undefined);
    assert.equal(response.body.toString(), 'old');
  });

  it('may take longer than an answer may take to begin', async () => {
    const { caller, reply } = await begin();
    await until(() => seen(caller) !== '', 'the head');
    fixture.clock.advance(3_600_000);
    send(reply, data('late'));
    send(reply, encodeEnd([]));
    reply.end();
    assert.equal((await caller.response()).body.toString(), 'late');
  });

  it('that aborts breaks the caller’s connection', async () => {
    const { caller, id, reply, answer } = await begin();
    send(reply, data('half'));
    send(reply, encodeAbort('the target broke off'));
    reply.end();
    assert.deepEqual(results((await answer).body), [{ id, outcome: 1 }]);
    await within(caller.closed, 'the end');
    assert.match(seen(caller), /half/);
    assert.doesNotMatch(seen(caller), /\r\n0\r\n/);
  });

  for (const [how, fields] of [
    ['chunked', []],
    ['of known length', ['Content-Length', '9']],
  ] as const) {
    it(`whose agent’s connection breaks is no clean end for the caller, ${how}`, async () => {
      const { caller, reply } = await begin(fields);
      send(reply, data('half'));
      await until(() => seen(caller).includes('half'), 'the first piece');
      reply.destroy();
      await assert.rejects(caller.response(), /the connection ended before/);
    });
  }

  it('whose agent’s connection ends in order but too early is no clean end either', async () => {
    const { caller, reply } = await begin();
    send(reply, data('half'));
    send(reply, data('more').subarray(0, 6));
    reply.end();
    await assert.rejects(caller.response(), /the connection ended before/);
  });

  it('to a caller that leaves is told as gone, and withdrawn with a notice', async () => {
    const { caller, id, reply, answer } = await begin();
    await until(() => seen(caller) !== '', 'the head');
    fixture.leave(caller);
    const { cancelled } = await agent.poll({ capacity: 0 });
    assert.deepEqual(cancelled, [{ id, reason: 'caller_gone' }]);
    send(reply, data('unheard'));
    send(reply, encodeEnd([]));
    reply.end();
    assert.deepEqual(results((await answer).body), [{ id, outcome: 2 }]);
  });

  it('to an exchange that is over is read to its end, and told as gone', async () => {
    const { caller, id, reply } = await begin();
    send(reply, encodeEnd([]));
    reply.end();
    await caller.response();
    const again = encodeResponseStart({ id, status: 200, reason: 'OK', fields: [] });
    const { results: outcomes } = await agent.reply(again, data('x'), encodeEnd([]));
    assert.deepEqual(outcomes, [{ id, outcome: 2 }]);
  });

  it('goes at the pace of a slow caller, and goes on when that reads again', async () => {
    const { caller, reply, answer } = await begin();
    await until(() => seen(caller) !== '', 'the head');
    caller.socket.pause();
    const piece = data(randomBytes(256 * 1024));
    const pieces = 100;
    let sent = 0;
    const pump = async (): Promise<void> => {
      while (sent < pieces) {
        sent += 1;
        if (!reply.write(piece)) await new Promise((resolve) => reply.once('drain', resolve));
      }
      send(reply, encodeEnd([]));
      reply.end();
    };
    const pumped = pump();
    assert.equal(await stillWaits(pumped, 3_000), true);
    // What fits into the sockets of two connections, and a window on top of it.
    assert.ok(sent < pieces, `${sent} pieces were taken from the agent`);
    caller.socket.resume();
    const response = await caller.response();
    assert.equal(response.body.length, pieces * 256 * 1024);
    assert.deepEqual(
      results((await answer).body).map(({ outcome }) => outcome),
      [1],
    );
  });
});
