import assert from 'node:assert/strict';
import { encodeResponse } from '../../src/protocol/index.ts';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { freshId, records, TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('a code that an agent serves', () => {
  let fixture: Fixture;
  let first: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 5, agentWait: 5 }).start();
    first = await fixture.agent({ software: 'first/1' });
  });
  afterEach(() => fixture.stop());

  function other(): TestAgent {
    return new TestAgent(fixture.port);
  }

  function ok(agent: TestAgent, id: string, body = 'ok') {
    return agent.reply(
      encodeResponse({ id, status: 200, reason: 'OK', fields: [] }, body.length),
      body,
    );
  }

  it('is refused to another agent, for good while the first one polls', async () => {
    const poll = first.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    const answer = await other().hello();
    assert.equal(answer.status, 409);
    assert.equal(answer.problem, 'code_in_use');
    assert.equal(answer.retryAfter, undefined);
    assert.match(answer.body.toString(), /first\/1/);
    fixture.get();
    assert.equal((await within(poll.answer, 'the poll')).exchanges.length, 1);
  });

  it('is refused with a time to try again while the first one has no poll', async () => {
    const answer = await other().hello();
    assert.equal(answer.status, 409);
    assert.equal(answer.retryAfter, '5');
  });

  it('is given to another agent after the grace time without a poll', async () => {
    fixture.clock.advance(4_999);
    assert.equal((await other().hello()).status, 409);
    fixture.clock.advance(1);
    assert.equal((await other().hello()).status, 200);
    assert.equal((await first.send('/agent/poll', records())).problem, 'session_unknown');
  });

  it('stays with an agent for as long as it has a poll open', async () => {
    const poll = first.startPoll({ wait: 120 });
    assert.equal(await stillWaits(poll.answer), true);
    fixture.clock.advance(100_000);
    assert.equal((await other().hello()).status, 409);
  });

  it('is resumed by the same agent, which keeps its session and what is in its hands', async () => {
    const caller = fixture.get();
    const { head } = await first.take();
    const { session } = first;
    assert.equal((await first.hello()).status, 200);
    assert.equal(first.session, session);
    assert.deepEqual((await ok(first, head.id)).results, [{ id: head.id, outcome: 1 }]);
    assert.equal((await caller.response()).status, 200);
  });

  it('is another code in other case', async () => {
    assert.equal((await other().hello({ code: 'Orders' })).status, 200);
  });

  for (const [how, hello] of [
    ['the same installation', (agent: TestAgent) => ({ installation: agent.instance })],
    ['one that asks to take over', () => ({ takeover: true })],
  ] as const) {
    it(`is taken over by ${how}, and the first one hears by whom`, async () => {
      const poll = first.startPoll();
      assert.equal(await stillWaits(poll.answer), true);
      const second = other();
      const answer = await second.hello({ ...hello(first), software: 'second/2' });
      assert.equal(answer.status, 200);
      assert.notEqual(second.session, first.session);
      assert.equal((await within(poll.answer, 'the notice')).takenOverBy, 'second/2');
      fixture.get('a');
      assert.equal((await second.take()).head.target, '/a');
    });
  }

  it('is given a new session if the same agent changes its policy', async () => {
    const { session } = first;
    assert.equal((await first.hello({ policy: { reply: 'accept' } })).status, 200);
    assert.notEqual(first.session, session);
  });

  it('gives no new work to the agent that it was taken from, but takes its replies', async () => {
    const held = fixture.get('held');
    const { head } = await first.take();
    const second = other();
    await second.hello({ takeover: true });
    assert.equal((await first.poll()).takenOverBy, 'test/1');
    const poll = first.startPoll();
    fixture.get('new');
    await fixture.settled();
    assert.equal(await stillWaits(poll.answer), true);
    assert.deepEqual((await ok(first, head.id)).results, [{ id: head.id, outcome: 1 }]);
    assert.equal((await held.response()).status, 200);
    assert.equal((await second.take()).head.target, '/new');
  });

  it('does not hand what the first agent holds to the one that took over', async () => {
    const held = fixture.get('held');
    await first.take();
    const second = other();
    await second.hello({ takeover: true });
    const poll = second.startPoll({ wait: 120 });
    assert.equal(await stillWaits(poll.answer), true);
    const response = await fixture.clock.advanceUntil(held.response(), 50, 60_000);
    assert.equal(problemCode(response), 'agent_lost');
    assert.equal(await stillWaits(poll.answer), true);
  });

  it('fails what waits to be handed out again when another agent takes over', async () => {
    const held = fixture.get('held');
    await first.take();
    const poll = first.startPoll({ capacity: 0, wait: 120 });
    assert.equal(await stillWaits(poll.answer), true);
    // The lease runs out, and the only poll has no room.
    fixture.clock.advance(6_000);
    await other().hello({ takeover: true });
    assert.equal(problemCode(await held.response()), 'agent_lost');
  });

  it('is left by a good-bye: what was not acknowledged goes to the next agent', async () => {
    const one = fixture.get('one');
    const two = fixture.get('two');
    const taken = [...(await first.poll()).exchanges];
    while (taken.length < 2) taken.push(...(await first.poll()).exchanges);
    const [known, unseen] = taken;
    assert.equal((await first.bye([known?.head.id ?? ''])).status, 204);
    const callers = new Map([
      ['/one', one],
      ['/two', two],
    ]);
    const failed = await callers.get(known?.head.target ?? '')?.response();
    assert.equal(failed?.status, 502);
    const second = other();
    await second.hello();
    const next = await second.take();
    assert.equal(next.head.id, unseen?.head.id);
    await ok(second, next.head.id);
    assert.equal((await callers.get(next.head.target)?.response())?.status, 200);
  });

  it('is free for another agent right after a good-bye', async () => {
    await first.bye();
    assert.equal((await other().hello()).status, 200);
    assert.equal((await first.bye()).problem, 'session_unknown');
  });

  it('ends the polls of an agent that says good-bye', async () => {
    const poll = first.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    await first.bye();
    assert.equal((await within(poll.answer, 'the poll')).status, 204);
  });

  it('fails what is in the hands of an agent that was lost', async () => {
    const caller = fixture.get();
    const { head } = await first.take();
    const began = fixture.clock.monotonic();
    const response = await fixture.clock.advanceUntil(caller.response());
    assert.equal(response.status, 502);
    assert.equal(problemCode(response), 'agent_lost');
    assert.ok(fixture.clock.monotonic() - began >= 5_000);
    assert.equal((await first.reply(records().subarray(1))).problem, 'session_unknown');
    assert.equal(head.target, '/');
  });

  it('keeps what nobody had taken for the agent that comes after a lost one', async () => {
    const poll = first.startPoll({ capacity: 0, wait: 120 });
    assert.equal(await stillWaits(poll.answer), true);
    const caller = fixture.get('waits');
    await fixture.settled();
    poll.request.destroy();
    await fixture.settled();
    fixture.clock.advance(5_000);
    const second = other();
    assert.equal((await second.hello()).status, 200);
    const { head } = await second.take();
    await ok(second, head.id);
    assert.equal((await caller.response()).status, 200);
  });
});

describe('a hello', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture({ maxSessions: 2, maxBody: 77 }).start();
  });
  afterEach(() => fixture.stop());

  it('is told the limits in force, and where callers come in if that is known', async () => {
    const agent = new TestAgent(fixture.port);
    const answer = JSON.parse((await agent.hello()).body.toString()) as Record<string, unknown>;
    assert.deepEqual(answer, {
      protocol: 1,
      session: agent.session,
      publicUrls: [],
      maxWaitSeconds: 120,
      maxResponseSeconds: 120,
      maxBodyBytes: 77,
    });
    const named = await new Fixture({}, { publicUrl: 'https://p.example/base//' }).start();
    const { body } = await new TestAgent(named.port).hello();
    await named.stop();
    const { publicUrls } = JSON.parse(body.toString()) as Record<string, unknown>;
    assert.deepEqual(publicUrls, ['https://p.example/base/forward/orders/']);
  });

  for (const [min, max, side] of [
    [2, 3, 'proxy'],
    [0, 0, 'agent'],
  ] as const) {
    it(`of versions ${min} to ${max} is refused with the advice to upgrade the ${side}`, async () => {
      const answer = await new TestAgent(fixture.port).hello({ protocol: { min, max } });
      assert.equal(answer.status, 400);
      assert.equal(answer.problem, 'protocol_unsupported');
      assert.match(answer.body.toString(), new RegExp(`Upgrade the ${side}`));
    });
  }

  it('beyond the number of sessions is told to come back', async () => {
    await fixture.agent({ code: 'a' });
    const leaving = await fixture.agent({ code: 'b' });
    const third = new TestAgent(fixture.port);
    const refused = await third.hello({ code: 'c' });
    assert.equal(refused.status, 503);
    assert.equal(refused.problem, 'busy');
    assert.equal(refused.retryAfter, '5');
    await leaving.bye();
    assert.equal((await third.hello({ code: 'c' })).status, 200);
  });

  it('gives every session an id of its own', async () => {
    const one = await fixture.agent({ code: 'a' });
    const two = await fixture.agent({ code: 'b' });
    assert.notEqual(one.session, two.session);
    assert.notEqual(one.session, freshId());
    assert.match(one.session, /^[0-9a-f]{32}$/);
  });
});
