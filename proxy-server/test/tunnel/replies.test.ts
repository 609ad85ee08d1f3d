import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  encodeFailure,
  encodeInformation,
  encodeResponse,
  FAILURE,
  PROBLEM,
} from '../../src/protocol/index.ts';
import { allOf, field, problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import type { TestAgent } from '../support/test-agent.ts';

describe('a whole reply', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture().start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  it('reaches the caller as the target gave it', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const fields = [
      'b',
      '1',
      'Set-Cookie',
      'x',
      'B',
      '2',
      'set-cookie',
      '\x80\xff',
      '__proto__',
      'y',
    ];
    const body = randomBytes(64 * 1024);
    const answer = { id: head.id, status: 418, reason: 'I\xe9m a teapot', fields };
    const { results } = await agent.reply(encodeResponse(answer, body.length), body);
    assert.deepEqual(results, [{ id: head.id, outcome: 1 }]);
    const response = await caller.response();
    assert.equal(response.statusLine, 'HTTP/1.1 418 I\xe9m a teapot');
    assert.deepEqual(response.fields.slice(0, fields.length), fields);
    assert.deepEqual(response.body, body);
    // RFC 9110 section 6.6.1: whoever forwards a response without a Date adds one.
    assert.notEqual(field(response.fields, 'Date'), undefined);
    assert.equal(field(response.fields, 'Caronte-Error'), undefined);
  });

  it('loses what belongs to the target’s connection, and the framing', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const fields = [
      ...['Transfer-Encoding', 'chunked', 'Content-Length', '999', 'Content-Length', '1'],
      ...['Connection', 'close, X-Hop', 'X-Hop', 'x', 'Keep-Alive', 'timeout=1', 'Upgrade', 'h2c'],
      ...['Caronte-Error', 'spite', 'A', 'b'],
    ];
    await agent.reply(encodeResponse({ id: head.id, status: 200, reason: 'OK', fields }, 2), 'ok');
    const response = await caller.response();
    assert.equal(response.body.toString(), 'ok');
    assert.deepEqual(allOf(response.fields, 'Content-Length'), ['2']);
    for (const name of ['Transfer-Encoding', 'X-Hop', 'Upgrade', 'Caronte-Error']) {
      assert.equal(field(response.fields, name), undefined, name);
    }
    assert.equal(field(response.fields, 'A'), 'b');
    // The caller's connection stays open, whatever the target's did.
    caller.send('GET / HTTP/1.1\r\nHost: p\r\n\r\n');
    assert.equal((await caller.response()).status, 404);
  });

  for (const [what, method, status, announced, expected] of [
    ['a HEAD', 'HEAD', 200, '1234', '1234'],
    ['a HEAD without a length', 'HEAD', 200, undefined, undefined],
    ['status 304', 'GET', 304, '1234', '1234'],
    ['status 204', 'GET', 204, '5', undefined],
  ] as const) {
    it(`to ${what} has no body, though the agent sends one`, async () => {
      const caller = fixture.get('', method);
      const { head } = await agent.take();
      const fields = announced === undefined ? [] : ['Content-Length', announced];
      await agent.reply(encodeResponse({ id: head.id, status, reason: '', fields }, 5), 'spite');
      const response = await caller.response(method);
      assert.equal(response.status, status);
      assert.equal(field(response.fields, 'Content-Length'), expected);
      assert.equal(field(response.fields, 'Transfer-Encoding'), undefined);
      caller.send('GET / HTTP/1.1\r\nHost: p\r\n\r\n');
      assert.equal((await caller.response()).statusLine, 'HTTP/1.1 404 Not Found');
    });
  }

  it('is taken once: a second one finds the exchange gone', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const answer = encodeResponse({ id: head.id, status: 200, reason: '', fields: [] }, 1);
    const { results } = await agent.reply(answer, '1', answer, '2');
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      [1, 2],
    );
    assert.deepEqual((await agent.reply(answer, '3')).results, [{ id: head.id, outcome: 2 }]);
    assert.equal((await caller.response()).body.toString(), '1');
    await fixture.settled();
    assert.equal(caller.rest.length, 0);
  });

  it('travels with others in one request, each to its own caller', async () => {
    const callers = Array.from({ length: 20 }, (_, at) => fixture.get(String(at)));
    const parts: (string | Buffer)[] = [];
    let count = 0;
    while (count < callers.length) {
      for (const { head } of (await agent.poll()).exchanges) {
        const body = `answer to ${head.target.slice(1)}`;
        parts.push(
          encodeResponse({ id: head.id, status: 200, reason: '', fields: [] }, body.length),
        );
        parts.push(body);
        count += 1;
      }
    }
    const { results } = await agent.reply(...parts);
    assert.equal(results.filter(({ outcome }) => outcome === 1).length, callers.length);
    for (const [at, caller] of callers.entries()) {
      assert.equal((await caller.response()).body.toString(), `answer to ${at}`);
    }
  });

  it('to a caller that left is told as gone', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    fixture.leave(caller);
    await caller.closed;
    await fixture.settled();
    const answer = encodeResponse({ id: head.id, status: 200, reason: '', fields: [] }, 0);
    assert.deepEqual((await agent.reply(answer)).results, [{ id: head.id, outcome: 2 }]);
  });

  for (const code of Object.values(FAILURE)) {
    it(`that is the failure ${code} becomes a problem of the proxy’s own`, async () => {
      const caller = fixture.get();
      const { head } = await agent.take();
      const detail = 'http://localhost:3000: connection refused';
      const { results } = await agent.reply(encodeFailure({ id: head.id, code, detail }));
      assert.deepEqual(results, [{ id: head.id, outcome: 1 }]);
      const response = await caller.response();
      assert.equal(response.status, PROBLEM[code].status);
      assert.equal(problemCode(response), code);
      assert.match(response.body.toString(), /connection refused/);
    });
  }

  it('may come after early hints, of which only Link fields pass', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const link = '</style.css>; rel=preload; as=style';
    const hints = { id: head.id, status: 103, reason: '', fields: ['Link', link, 'X', 'y'] };
    const none = { ...hints, fields: ['X', 'y'] };
    const answer = { id: head.id, status: 200, reason: 'OK', fields: [] };
    const { results } = await agent.reply(
      encodeInformation(none),
      encodeInformation(hints),
      encodeResponse(answer, 2),
      'ok',
    );
    assert.deepEqual(results, [{ id: head.id, outcome: 1 }]);
    const early = await caller.response();
    assert.equal(early.status, 103);
    assert.deepEqual(early.fields, ['Link', link]);
    assert.equal((await caller.response()).body.toString(), 'ok');
  });

  it('follows early hints that no HTTP could carry', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const spite = ['Link', 'x\rA: b', 'Link', 'not a link', 'Link', ''];
    const hints = encodeInformation({ id: head.id, status: 103, reason: '', fields: spite });
    const answer = encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, 2);
    await agent.reply(hints, answer, 'ok');
    const response = await caller.response();
    assert.equal(response.status, 200);
    assert.equal(response.body.toString(), 'ok');
  });
});

describe('a tunnel that answers at once', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 3600 }).start();
    agent = await fixture.agent({ policy: { reply: 'accept' } });
  });
  afterEach(() => fixture.stop());

  it('answers 202 with the exchange’s id once the agent has acknowledged it', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    await fixture.settled();
    assert.equal(caller.rest.length, 0);
    agent.startPoll({ acknowledge: [head.id] });
    const response = await caller.response();
    assert.equal(response.status, 202);
    assert.equal(field(response.fields, 'Caronte-Exchange'), head.id);
    assert.deepEqual(JSON.parse(response.body.toString()), { id: head.id });
  });

  it('answers 202 only once the agent has the whole of a large body', async () => {
    const size = 100_000;
    const caller = fixture
      .get('', 'POST', `Content-Length: ${size}\r\n`)
      .send('x'.repeat(size - 1));
    const { head } = await agent.take();
    agent.startPoll({ acknowledge: [head.id] });
    const body = agent.fetchBody(head.id);
    await fixture.settled();
    assert.equal(caller.rest.length, 0);
    caller.send('x');
    await body;
    assert.equal((await caller.response()).status, 202);
  });

  it('tells a reply that comes nevertheless that it is gone', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    agent.startPoll({ acknowledge: [head.id] });
    await caller.response();
    const answer = encodeResponse({ id: head.id, status: 200, reason: '', fields: [] }, 0);
    assert.deepEqual((await agent.reply(answer)).results, [{ id: head.id, outcome: 2 }]);
  });
});
