import assert from 'node:assert/strict';
import { keptId, QueueFixture } from '../support/queue-fixture.ts';
import { problemCode } from '../support/caller.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('what an agent is told to have missed', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start({ agentWait: 1 });
  });
  afterEach(() => fixture.stop());

  async function missed(): Promise<number> {
    return (await fixture.agent()).welcome?.missed?.refused ?? 0;
  }

  it('has nothing of what waited for an agent that went, and is kept', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    const response = caller.response();
    assert.equal(await stillWaits(response), true);
    await agent.bye();
    assert.equal(await stillWaits(response), true);
    fixture.clock.advance(1_000);
    keptId(await within(response, 'a 202'));
    assert.equal(await missed(), 0);
  });

  it('has nothing of a delivery for which no agent came', async () => {
    await fixture.remembered();
    await fixture.kept();
    const agent = await fixture.agent();
    // The delivery waits for a poll that never comes.
    await stillWaits(new Promise(() => undefined));
    await agent.bye();
    fixture.clock.advance(1_000);
    assert.equal(await missed(), 0);
  });

  it('has what is not kept', async () => {
    await fixture.remembered();
    const response = await fixture.clock.advanceUntil(fixture.proxy.get().response(), 500);
    assert.equal(problemCode(response), 'no_agent');
    assert.equal(await missed(), 1);
  });
});
