import assert from 'node:assert/strict';
import { encodeResponse } from '../../src/protocol/index.ts';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('a proxy that is closed', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ drainTimeout: 10, agentGrace: 3600 }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  it('is closed at once with nothing in flight', async () => {
    await within(fixture.proxy.close(), 'the end');
    const caller = fixture.get();
    await within(caller.closed, 'the refusal');
    assert.equal(caller.rest.length, 0);
  });

  it('ends polls with a notice', async () => {
    fixture.get();
    await agent.take();
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    void fixture.proxy.close();
    assert.equal((await within(poll.answer, 'the notice')).draining, true);
  });

  it('refuses new requests and hellos while others finish', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const closed = fixture.proxy.close();
    const refused = await fixture.get().response();
    assert.equal(refused.status, 503);
    assert.equal(problemCode(refused), 'draining');
    const hello = await new TestAgent(fixture.port).hello({ code: 'other' });
    assert.equal(hello.problem, 'draining');
    assert.equal(hello.retryAfter, '2');
    const answer = { id: head.id, status: 200, reason: 'OK', fields: [] };
    const { results } = await agent.reply(encodeResponse(answer, 2), 'ok');
    assert.deepEqual(results, [{ id: head.id, outcome: 1 }]);
    assert.equal((await caller.response()).body.toString(), 'ok');
    fixture.leave(caller);
    await within(closed, 'the end');
  });

  it('fails at once what no agent has taken', async () => {
    const caller = fixture.get();
    await fixture.settled();
    void fixture.proxy.close();
    const response = await caller.response();
    assert.equal(response.status, 503);
    assert.equal(problemCode(response), 'draining');
  });

  it('cuts off after the grace time what has not finished', async () => {
    const caller = fixture.get();
    await agent.take();
    const began = fixture.clock.monotonic();
    await fixture.clock.advanceUntil(fixture.proxy.close());
    assert.ok(fixture.clock.monotonic() - began >= 10_000);
    await within(caller.closed, 'the end');
    assert.ok(fixture.log.includes('exchanges cut off at shutdown'));
  });

  it('drops everything at once when it is destroyed', async () => {
    const caller = fixture.get();
    await agent.take();
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    await within(fixture.proxy.destroy(), 'the end');
    await within(caller.closed, 'the caller');
    await fixture.proxy.destroy();
  });
});

describe('a proxy that cannot listen', () => {
  it('says so', async () => {
    const fixture = await new Fixture().start();
    const second = new Fixture({}, { port: fixture.port });
    await assert.rejects(second.proxy.listen(), { code: 'EADDRINUSE' });
    await fixture.stop();
  });
});
