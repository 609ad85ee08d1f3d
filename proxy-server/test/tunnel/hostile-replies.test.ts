import assert from 'node:assert/strict';
import {
  encodeEnd,
  encodeResponse,
  encodeResponseStart,
  RECORD,
  recordHeader,
  type ResponseHead,
} from '../../src/protocol/index.ts';
import { problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { records, type TestAgent } from '../support/test-agent.ts';
import { within } from '../support/wait.ts';

/** What a caller would see if an agent could make two responses of one. */
const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nspite';

function data(text: string): string {
  return recordHeader(RECORD.data, text.length) + text;
}

describe('an agent that misbehaves', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture().start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  async function exchange(method = 'GET'): Promise<{ caller: RawCaller; head: ResponseHead }> {
    const caller = fixture.get('', method);
    const { head } = await agent.take();
    return { caller, head: { id: head.id, status: 200, reason: 'OK', fields: [] } };
  }

  /** Another exchange goes through as if nothing had been. */
  async function stillServes(): Promise<void> {
    const { caller, head } = await exchange();
    assert.deepEqual((await agent.reply(encodeResponse(head, 2), 'ok')).results, [
      { id: head.id, outcome: 1 },
    ]);
    assert.equal((await caller.response()).body.toString(), 'ok');
  }

  /** Everything that reaches the caller until its connection is closed. */
  async function all(caller: RawCaller): Promise<string> {
    await within(caller.closed, 'the end of the connection');
    return caller.rest.toString('latin1');
  }

  const BAD_HEADS: Readonly<Record<string, Partial<ResponseHead>>> = {
    'a CR in a value': { fields: ['A', `b\r${SECOND.replaceAll('\n', ' ')}`] },
    'a NUL in a value': { fields: ['A', 'b\0c'] },
    'a CR in a name': { fields: ['A\rB', 'c'] },
    'a colon in a name': { fields: ['A: b\rC', 'd'] },
    'a name with a space': { fields: ['A b', 'c'] },
    'an empty name': { fields: ['', 'c'] },
    'a NUL in a value of 204': { status: 204, fields: ['A', 'b\0c'] },
    'an empty name in 304': { status: 304, fields: ['', 'c'] },
    'status 101': { status: 101, fields: [] },
    'status 100': { status: 100 },
    'status 103': { status: 103 },
  };

  for (const [what, bad] of Object.entries(BAD_HEADS)) {
    it(`with ${what} in a whole reply is answered for with 502`, async () => {
      const { caller, head } = await exchange();
      const { results } = await agent.reply(encodeResponse({ ...head, ...bad }, 2), 'ok');
      assert.deepEqual(results, [{ id: head.id, outcome: 2 }]);
      const response = await caller.response();
      assert.equal(response.status, 502);
      assert.equal(problemCode(response), 'agent_misbehaved');
      assert.equal(caller.rest.length, 0);
      await stillServes();
    });

    it(`with ${what} in a reply in pieces is answered for with 502`, async () => {
      const { caller, head } = await exchange();
      const start = encodeResponseStart({ ...head, ...bad });
      const { results } = await agent.reply(start, data(SECOND), encodeEnd([]));
      assert.deepEqual(results, [{ id: head.id, outcome: 2 }]);
      const response = await caller.response();
      assert.equal(problemCode(response), 'agent_misbehaved');
      assert.equal(caller.rest.length, 0);
      await stillServes();
    });
  }

  it('and sends more than Content-Length says breaks the caller’s connection, nothing more', async () => {
    const { caller, head } = await exchange();
    const fields = ['Content-Length', '2'];
    const start = encodeResponseStart({ ...head, fields });
    await agent.reply(start, data('ok'), data(SECOND), encodeEnd([]));
    assert.match(await all(caller), /\r\n\r\n(ok)?$/);
    await stillServes();
  });

  it('and sends more than Content-Length says in one piece sends none of it', async () => {
    const { caller, head } = await exchange();
    const start = encodeResponseStart({ ...head, fields: ['Content-Length', '2'] });
    await agent.reply(start, data(`ok${SECOND}`), encodeEnd([]));
    assert.doesNotMatch(await all(caller), /spite/);
    await stillServes();
  });

  it('and sends less than Content-Length says breaks the caller’s connection', async () => {
    const { caller, head } = await exchange();
    const start = encodeResponseStart({ ...head, fields: ['Content-Length', '9'] });
    const { results } = await agent.reply(start, data('ok'), encodeEnd([]));
    assert.deepEqual(results, [{ id: head.id, outcome: 2 }]);
    // What was sent may or may not have left; the connection ends before it is complete.
    assert.match(await all(caller), /Content-Length: 9\r\n.*\r\n\r\n(ok)?$/s);
    await stillServes();
  });

  it('and sends trailers that no HTTP could carry breaks the caller’s connection', async () => {
    const { caller, head } = await exchange();
    const trailers = encodeEnd(['X-Sum', `a\r${SECOND.replaceAll('\n', ' ')}`]);
    await agent.reply(encodeResponseStart(head), data('ok'), trailers);
    const seen = await all(caller);
    assert.doesNotMatch(seen, /spite|\r\n0\r\n/);
    await stillServes();
  });

  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ] as const) {
    it(`and sends a body in pieces to ${method} ${status} has none of it passed on`, async () => {
      const { caller, head } = await exchange(method);
      const start = encodeResponseStart({ ...head, status });
      const { results } = await agent.reply(start, data(SECOND), encodeEnd(['X-Sum', 'a']));
      assert.deepEqual(results, [{ id: head.id, outcome: 1 }]);
      assert.equal((await caller.response(method)).status, status);
      await fixture.settled();
      assert.equal(caller.rest.toString(), '');
      await stillServes();
    });
  }

  const MALFORMED: Readonly<Record<string, (head: ResponseHead) => (string | Buffer)[]>> = {
    'DATA outside a response': () => [data('x')],
    'END outside a response': () => [encodeEnd([])],
    'a record of the proxy’s': () => [recordHeader(RECORD.draining, 0)],
    'an unknown record': () => ['\x99\0\0\0\0'],
    'a response cut in two': (head) => [encodeResponse(head, 10), 'short'],
    'half a field': (head) => [encodeResponse({ ...head, fields: ['A'] }, 0)],
    'no status': (head) => [encodeResponse({ ...head, status: 0 }, 0)],
    'a length of 4 GiB': () => ['\x20\xff\xff\xff\xff'],
  };
  for (const [what, parts] of Object.entries(MALFORMED)) {
    it(`and replies with ${what} is told so, and its exchange is still open`, async () => {
      const { caller, head } = await exchange();
      const answer = await agent.reply(...parts(head));
      assert.equal(answer.status, 400);
      assert.equal(answer.problem, 'malformed');
      await agent.reply(encodeResponse(head, 2), 'ok');
      assert.equal((await caller.response()).body.toString(), 'ok');
      await stillServes();
    });
  }

  const BROKEN_STREAMS: Readonly<Record<string, (head: ResponseHead) => string[]>> = {
    'without an END': () => [],
    'with another response in it': (head) => [encodeResponse(head, 0)],
    'with a second start in it': (head) => [encodeResponseStart(head)],
    'with an unknown record in it': () => ['\x99\0\0\0\0'],
  };
  for (const [what, parts] of Object.entries(BROKEN_STREAMS)) {
    it(`and replies in pieces ${what} breaks the caller’s connection`, async () => {
      const { caller, head } = await exchange();
      const answer = await agent.reply(encodeResponseStart(head), data('half'), ...parts(head));
      assert.equal(answer.problem, 'malformed');
      const seen = await all(caller);
      assert.match(seen, /^HTTP\/1.1 200 OK\r\n/);
      assert.doesNotMatch(seen, /\r\n0\r\n/, 'no clean end');
      await stillServes();
    });
  }

  for (const path of ['poll', 'bye']) {
    for (const [what, body] of Object.entries({
      'no ACKNOWLEDGE': records(encodeEnd([])),
      'half an id': records(recordHeader(RECORD.acknowledge, 5), 'abcde'),
      DATA: records(data('x')),
      'another version': Buffer.from([9]),
      'too much': Buffer.alloc(200 * 1024, 1),
    })) {
      it(`and sends ${what} to ${path} is told so, and keeps its session`, async () => {
        const answer = await agent.send(`/agent/${path}`, body);
        assert.equal(answer.status, 400);
        assert.equal(answer.problem, 'malformed');
        await stillServes();
      });
    }
  }

  for (const [what, body] of [
    ['no JSON', '{'],
    ['nothing', ''],
    ['an array', '[]'],
    ['too much', `"${'x'.repeat(20_000)}"`],
    ['a wrong code', JSON.stringify({ protocol: {}, policy: { reply: 'wait' }, code: '..' })],
  ] as const) {
    it(`and says hello with ${what} is told so`, async () => {
      const answer = await agent.send('/agent/hello', body);
      assert.equal(answer.status, 400);
      assert.equal(answer.problem, 'malformed');
      await stillServes();
    });
  }
});
