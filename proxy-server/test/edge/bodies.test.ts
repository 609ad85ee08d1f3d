import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { decodeEnd, encodeResponse, RECORD } from '../../src/protocol/index.ts';
import { problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { readRecords, type Taken, type TestAgent } from '../support/test-agent.ts';
import { until, within } from '../support/wait.ts';

const INLINE = 64 * 1024;
const MAX = 300_000;

/** The pieces of a fetched body joined, and the record that closes it. */
function fetched(answer: Buffer): { bytes: Buffer; last: { type: number; payload: Buffer } } {
  const records = readRecords(answer);
  const last = records.pop();
  assert.ok(last !== undefined && records.every(({ type }) => type === RECORD.data));
  return { bytes: Buffer.concat(records.map(({ payload }) => payload)), last };
}

function chunk(bytes: Buffer): Buffer {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`);
  return Buffer.concat([size, bytes, Buffer.from('\r\n')]);
}

describe('the body of a caller’s request', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    // Nothing but the body is to run out of time.
    const patient = { agentGrace: 36_000, maxTimeoutResponse: 36_000 };
    fixture = await new Fixture({ maxBody: MAX, bodyIdleTimeout: 60, ...patient }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  function post(fields: string, body: string | Buffer = ''): RawCaller {
    return fixture.get('', 'POST', fields).send(body);
  }

  /** Takes the exchange once the gather time has passed for a body that is not complete. */
  function takeAfterGathering(): Promise<Taken> {
    return fixture.clock.advanceUntil(agent.take(), 1, 1_000);
  }

  for (const [what, size] of [
    ['nothing', 0],
    ['a byte', 1],
    ['just what may travel inline', INLINE],
  ] as const) {
    it(`of ${what} travels inline`, async () => {
      const body = randomBytes(size);
      post(`Content-Length: ${size}\r\n`, body);
      const taken = await agent.take();
      assert.deepEqual(taken.head.body, { kind: 'inline' });
      assert.deepEqual(taken.body, body);
    });
  }

  it('in chunks travels inline once it is complete', async () => {
    const body = randomBytes(3_000);
    post(
      'Transfer-Encoding: chunked\r\n',
      Buffer.concat([
        chunk(body.subarray(0, 7)),
        chunk(body.subarray(7)),
        Buffer.from('0\r\n\r\n'),
      ]),
    );
    const taken = await agent.take();
    assert.deepEqual(taken.head.body, { kind: 'inline' });
    assert.deepEqual(taken.body, body);
  });

  it('is fetched if it is announced a byte too large to travel inline', async () => {
    const body = randomBytes(INLINE + 1);
    post(`Content-Length: ${body.length}\r\n`, body);
    const { head, body: inline } = await agent.take();
    assert.deepEqual(head.body, { kind: 'stream', length: INLINE + 1 });
    assert.equal(inline.length, 0);
    const { bytes, last } = fetched((await agent.fetchBody(head.id)).body);
    assert.deepEqual(bytes, body);
    assert.deepEqual(last, { type: RECORD.end, payload: Buffer.alloc(0) });
  });

  it('in chunks is fetched once it turns out a byte too large to travel inline', async () => {
    const body = randomBytes(INLINE + 1);
    post('Transfer-Encoding: chunked\r\n', Buffer.concat([chunk(body), Buffer.from('0\r\n\r\n')]));
    const { head } = await takeAfterGathering();
    assert.deepEqual(head.body, { kind: 'stream', length: undefined });
    assert.deepEqual(fetched((await agent.fetchBody(head.id)).body).bytes, body);
  });

  it('is fetched if it takes longer than the gather time', async () => {
    const caller = post('Content-Length: 10\r\n', 'first');
    const { head } = await takeAfterGathering();
    assert.deepEqual(head.body, { kind: 'stream', length: 10 });
    const answer = agent.fetchBody(head.id);
    caller.send('-last');
    assert.equal(fetched((await answer).body).bytes.toString(), 'first-last');
  });

  it('is offered before its first byte came, once the gather time is over', async () => {
    const caller = post('Transfer-Encoding: chunked\r\n');
    const { head } = await takeAfterGathering();
    const answer = agent.fetchBody(head.id);
    caller.send('3\r\nabc\r\n0\r\n\r\n');
    assert.equal(fetched((await answer).body).bytes.toString(), 'abc');
  });

  it('brings its trailers, but none that would change the message', async () => {
    const body = randomBytes(INLINE + 5);
    const trailers = '0\r\nX-Sum: \xe9\r\nHost: spite\r\nx-sum: 2\r\n\r\n';
    const end = Buffer.from(trailers, 'latin1');
    post('Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n', Buffer.concat([chunk(body), end]));
    const { head } = await takeAfterGathering();
    const { last } = fetched((await agent.fetchBody(head.id)).body);
    assert.equal(last.type, RECORD.end);
    assert.deepEqual(decodeEnd(last.payload), ['X-Sum', '\xe9', 'x-sum', '2']);
  });

  for (const [what, body] of [
    ['small', 'abc'],
    ['empty', ''],
  ] as const) {
    it(`is fetched if it is ${what} and trailers follow it, at once`, async () => {
      const chunks = body === '' ? '' : chunk(Buffer.from(body)).toString();
      const caller = post('Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n', chunks);
      caller.send('0\r\nX-Sum: 1\r\nX-Forwarded-For: 6.6.6.6\r\nCaronte-Code: x\r\n\r\n');
      const { head } = await agent.take();
      assert.deepEqual(head.body, { kind: 'stream', length: undefined });
      assert.ok(head.fields.join('\n').includes('Trailer\nX-Sum'));
      const { bytes, last } = fetched((await agent.fetchBody(head.id)).body);
      assert.equal(bytes.toString(), body);
      assert.deepEqual(decodeEnd(last.payload), ['X-Sum', '1']);
    });
  }

  it('travels inline if nothing is left of its trailers', async () => {
    const caller = post('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n');
    caller.send('0\r\nHost: spite\r\nAuthorization: Basic x\r\n\r\n');
    const { head, body } = await agent.take();
    assert.deepEqual(head.body, { kind: 'inline' });
    assert.equal(body.toString(), 'abc');
  });

  it('can be fetched once only', async () => {
    post(`Content-Length: ${INLINE + 1}\r\n`, randomBytes(INLINE + 1));
    const { head } = await agent.take();
    assert.equal((await agent.fetchBody(head.id)).status, 200);
    const again = await agent.fetchBody(head.id);
    assert.equal(again.problem, 'exchange_unknown');
  });

  it('cannot be fetched if it travelled inline or there is none', async () => {
    for (const fields of ['', 'Content-Length: 1\r\n']) {
      post(fields, fields === '' ? '' : 'x');
      const { head } = await agent.take();
      assert.equal((await agent.fetchBody(head.id)).status, 404);
    }
  });

  it('is refused if more is announced than is allowed', async () => {
    const response = await post(`Content-Length: ${MAX + 1}\r\n`).response();
    assert.equal(response.status, 413);
    assert.equal(problemCode(response), 'body_too_large');
    assert.match(response.fields.join('\n'), /Connection\nclose/);
  });

  it('is refused in the middle if more arrives than is allowed', async () => {
    const caller = post('Transfer-Encoding: chunked\r\n', chunk(randomBytes(INLINE + 1)));
    const { head } = await takeAfterGathering();
    const body = openBody(head.id);
    await until(() => body.received > INLINE, 'what was sent');
    caller.send(chunk(randomBytes(MAX - INLINE)));
    const response = await caller.response();
    assert.equal(problemCode(response), 'body_too_large');
    await within(body.ended, 'the end');
    assert.equal(fetched(body.bytes()).last.type, RECORD.abort);
    const { cancelled } = await agent.poll({ capacity: 0 });
    assert.deepEqual(
      cancelled.map(({ id }) => id),
      [head.id],
    );
  });

  it('may be as large as is allowed', async () => {
    const body = randomBytes(MAX);
    post('Transfer-Encoding: chunked\r\n', Buffer.concat([chunk(body), Buffer.from('0\r\n\r\n')]));
    const { head } = await takeAfterGathering();
    assert.deepEqual(fetched((await agent.fetchBody(head.id)).body).bytes, body);
  });

  it('that stops arriving for the idle time fails as upload_stalled', async () => {
    const caller = post(`Content-Length: ${INLINE + 1}\r\n`, 'x');
    const { head } = await agent.take();
    const body = openBody(head.id);
    await until(() => body.received > 0, 'what was sent');
    const began = fixture.clock.monotonic();
    const response = await fixture.clock.advanceUntil(caller.response());
    assert.equal(response.status, 408);
    assert.equal(problemCode(response), 'upload_stalled');
    assert.ok(fixture.clock.monotonic() - began >= 60_000 - 100);
    await within(body.ended, 'the end');
    assert.equal(fetched(body.bytes()).last.type, RECORD.abort);
  });

  it('that goes on arriving lives beyond the idle time', async () => {
    const caller = post(`Content-Length: ${INLINE + 6}\r\n`, randomBytes(INLINE));
    const { head } = await agent.take();
    const body = openBody(head.id);
    await until(() => body.received > INLINE, 'the first piece');
    for (let piece = 0; piece < 5; piece += 1) {
      const before = body.received;
      // Each time less than the idle time, and all together far more.
      fixture.clock.advance(50_000);
      caller.send('x');
      await until(() => body.received > before, `piece ${piece}`);
    }
    caller.send('x');
    await within(body.ended, 'the end');
    assert.equal(fetched(body.bytes()).bytes.length, INLINE + 6);
  });

  /** Fetches a body whose pieces the test sees as they come. */
  function openBody(id: string) {
    const request = agent.open('GET', `/agent/body/${id}`);
    const pieces: Buffer[] = [];
    const opened = {
      request,
      received: 0,
      bytes: () => Buffer.concat(pieces),
      ended: new Promise<void>((resolve) => {
        request.on('response', (incoming) => {
          incoming.on('data', (piece: Buffer) => {
            pieces.push(piece);
            opened.received += piece.length;
          });
          incoming.on('end', resolve);
        });
      }),
    };
    request.end();
    return opened;
  }

  it('is broken off for the agent if the caller leaves in the middle', async () => {
    const caller = post(`Content-Length: ${INLINE + 1}\r\n`, randomBytes(INLINE));
    const { head } = await agent.take();
    const body = openBody(head.id);
    await until(() => body.received > INLINE, 'what was sent');
    caller.destroy();
    await within(body.ended, 'the end');
    assert.equal(fetched(body.bytes()).last.type, RECORD.abort);
    const notice = agent.poll({ capacity: 0 });
    assert.deepEqual((await notice).cancelled, [{ id: head.id, reason: 'caller_gone' }]);
  });

  it('is read to its end after an early answer, and the answer arrives', async () => {
    const caller = post(`Content-Length: ${INLINE * 2}\r\n`, randomBytes(INLINE));
    const { head } = await agent.take();
    const reply = await agent.reply(
      encodeResponse({ id: head.id, status: 403, reason: 'No', fields: [] }, 2),
      'no',
    );
    assert.deepEqual(reply.results, [{ id: head.id, outcome: 1 }]);
    const response = await caller.response();
    assert.equal(response.statusLine, 'HTTP/1.1 403 No');
    assert.equal(response.body.toString(), 'no');
    assert.match(response.fields.join('\n'), /Connection\nclose/);
  });

  it('is dropped if the agent breaks the fetch off, and the answer still counts', async () => {
    const caller = post(`Content-Length: ${MAX}\r\n`, randomBytes(INLINE));
    const { head } = await agent.take();
    const { request } = openBody(head.id);
    await within(once(request, 'response'), 'the body');
    request.destroy();
    caller.send(randomBytes(MAX - INLINE));
    await agent.reply(encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, 0));
    assert.equal((await caller.response()).status, 200);
  });
});
