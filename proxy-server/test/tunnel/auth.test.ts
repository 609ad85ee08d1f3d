import assert from 'node:assert/strict';
import { encodeResponse } from '../../src/protocol/index.ts';
import { Authenticator } from '../../src/tunnel/index.ts';
import { Fixture } from '../support/fixture.ts';
import { freshId, records, SECRET, TestAgent } from '../support/test-agent.ts';

const OLD = 'the secret before';

describe('the secret of agents', () => {
  const authenticator = new Authenticator([SECRET, OLD]);

  for (const good of [
    `Bearer ${SECRET}`,
    `bearer ${SECRET}`,
    `BEARER   ${SECRET} `,
    `Bearer ${OLD}`,
  ]) {
    it(`is taken as ${JSON.stringify(good)}`, () => assert.equal(authenticator.allows(good), true));
  }
  for (const bad of [
    undefined,
    '',
    SECRET,
    'Bearer',
    'Bearer ',
    `Bearer ${SECRET}x`,
    `Bearer ${SECRET.slice(1)}`,
    `Bearer ${SECRET.toUpperCase()}`,
    `Bearer ${SECRET} ${OLD}`,
    `Bearer ${SECRET},${OLD}`,
    `Basic ${SECRET}`,
    `Bearer${SECRET}`,
    `Bearer\t${SECRET}`,
  ]) {
    it(`is not taken as ${JSON.stringify(bad)}`, () => {
      assert.equal(authenticator.allows(bad), false);
    });
  }

  it('is not taken as an empty one where none is configured', () => {
    assert.equal(new Authenticator([]).allows('Bearer '), false);
  });
});

describe('an agent’s request', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture({}, { secrets: [SECRET, OLD] }).start();
  });
  afterEach(() => fixture.stop());

  const PATHS = ['hello', 'poll', 'reply', 'bye', 'nothing'].map((name) => `/agent/${name}`);

  for (const path of PATHS) {
    it(`to ${path} with a wrong secret is 401, though its session is right`, async () => {
      const agent = await fixture.agent();
      const thief = new TestAgent(fixture.port, 'another secret');
      thief.session = agent.session;
      const answer = await thief.send(path, records());
      assert.equal(answer.status, 401);
      assert.equal(answer.problem, 'unauthorized');
    });
  }

  it('for a body with a wrong secret is 401', async () => {
    const agent = await fixture.agent();
    const thief = new TestAgent(fixture.port, '');
    thief.session = agent.session;
    assert.equal((await thief.fetchBody(freshId())).status, 401);
  });

  it('is told by which scheme it should say its secret', async () => {
    const caller = fixture.call(
      'POST /agent/hello HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n',
    );
    const response = await caller.response();
    assert.equal(response.status, 401);
    assert.match(response.fields.join('\n'), /WWW-Authenticate\nBearer realm="caronte"/);
  });

  it('may carry either of two secrets', async () => {
    assert.equal((await new TestAgent(fixture.port, SECRET).hello()).status, 200);
    assert.equal((await new TestAgent(fixture.port, OLD).hello({ code: 'b' })).status, 200);
  });

  for (const path of ['/agent/poll', '/agent/reply', '/agent/bye']) {
    for (const session of ['', 'x', freshId()]) {
      it(`to ${path} with the session "${session}" is 404`, async () => {
        const agent = new TestAgent(fixture.port);
        agent.session = session;
        const answer = await agent.send(path, records());
        assert.equal(answer.status, 404);
        assert.equal(answer.problem, 'session_unknown');
      });
    }
  }

  for (const path of [
    '/agent/',
    '/agent/hello/',
    '/agent/poll?x',
    '/agent/constructor',
    '/agent/__proto__',
  ]) {
    it(`to ${path} is 404, as no such request`, async () => {
      const agent = await fixture.agent();
      const answer = await agent.send(path, records());
      assert.equal(answer.status, 404);
      assert.equal(answer.problem, 'not_found');
    });
  }
});

describe('an exchange of one agent’s', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture().start();
  });
  afterEach(() => fixture.stop());

  it('is nothing to another agent: neither its reply, its body nor its acknowledgement', async () => {
    const size = 70_000;
    const owner = await fixture.agent();
    const other = await fixture.agent({ code: 'other' });
    const caller = fixture.get('', 'POST', `Content-Length: ${size}\r\n`).send('x'.repeat(size));
    const { head } = await owner.take();
    const answer = { id: head.id, status: 200, reason: 'OK', fields: [] };

    const stolen = await other.reply(encodeResponse(answer, 5), 'spite');
    assert.deepEqual(stolen.results, [{ id: head.id, outcome: 2 }]);
    assert.equal((await other.fetchBody(head.id)).problem, 'exchange_unknown');

    // An acknowledgement by the other one does not end the lease.
    const again = owner.startPoll({ capacity: 1 });
    other.startPoll({ capacity: 1, acknowledge: [head.id] });
    const { exchanges } = await fixture.clock.advanceUntil(again.answer, 50, 10_000);
    assert.deepEqual(
      exchanges.map((one) => one.head.id),
      [head.id],
    );

    const { body } = await owner.fetchBody(head.id);
    assert.ok(body.length > size);
    assert.deepEqual((await owner.reply(encodeResponse(answer, 2), 'ok')).results, [
      { id: head.id, outcome: 1 },
    ]);
    assert.equal((await caller.response()).body.toString(), 'ok');
  });

  it('is not withdrawn by another agent’s good-bye', async () => {
    const owner = await fixture.agent();
    const other = await fixture.agent({ code: 'other' });
    const caller = fixture.get();
    const { head } = await owner.take();
    assert.equal((await other.bye([head.id])).status, 204);
    await owner.reply(encodeResponse({ id: head.id, status: 204, reason: '', fields: [] }, 0));
    assert.equal((await caller.response()).status, 204);
  });
});
