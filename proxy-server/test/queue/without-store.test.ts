import assert from 'node:assert/strict';
import type { HelloAnswer } from '../../src/protocol/index.ts';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { SECRET, TestAgent } from '../support/test-agent.ts';

describe('a proxy that keeps no queue', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture().start();
  });
  afterEach(() => fixture.stop());

  async function refuse(times: number): Promise<void> {
    const callers = Array.from({ length: times }, () => fixture.get());
    for (const caller of callers) {
      const response = await fixture.clock.advanceUntil(caller.response(), 500);
      assert.equal(problemCode(response), 'no_agent');
    }
  }

  async function missed(agent: TestAgent): Promise<unknown> {
    const answer = await agent.hello();
    assert.equal(answer.status, 200);
    return (JSON.parse(answer.body.toString()) as HelloAnswer).missed;
  }

  it('refuses a tunnel that is to queue, and says what to do', async () => {
    const agent = new TestAgent(fixture.port, SECRET);
    const answer = await agent.hello({ policy: { reply: 'wait', offline: 'queue' } });
    assert.equal(answer.status, 501);
    assert.equal(answer.problem, 'queue_unavailable');
    assert.match(answer.body.toString(), /--data-dir/);
  });

  it('says so to whoever asks for a queue', async () => {
    const agent = await fixture.agent();
    const answer = await agent.send('/agent/queue/orders/resume', '');
    assert.equal(answer.problem, 'queue_unavailable');
  });

  it('tells an agent that comes back how many requests were refused meanwhile, once', async () => {
    const agent = await fixture.agent();
    await agent.bye();
    const since = fixture.clock.wall();
    await refuse(3);
    const back = new TestAgent(fixture.port, SECRET);
    const told = (await missed(back)) as { refused: number; since: number };
    assert.equal(told.refused, 3);
    assert.ok(told.since >= since && told.since <= fixture.clock.wall());
    const poll = back.startPoll();
    await fixture.settled();
    poll.request.destroy();
    await back.bye();
    assert.equal(await missed(new TestAgent(fixture.port, SECRET)), undefined);
  });

  it('counts nothing for codes that no agent has served', async () => {
    await refuse(2);
    assert.equal(await missed(new TestAgent(fixture.port, SECRET)), undefined);
  });
});
