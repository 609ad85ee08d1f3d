import assert from 'node:assert/strict';
import { problemCode } from '../support/caller.ts';
import { QueueFixture } from '../support/queue-fixture.ts';
import type { TestAgent } from '../support/test-agent.ts';
import { stillWaits } from '../support/wait.ts';

/** In seconds: so long the proxy keeps requests, and for so long it remembers who wants that. */
const AGE = 60;

describe('what a proxy remembers of a tunnel', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start({ queueAge: AGE });
  });
  afterEach(() => fixture.stop());

  /** An agent that has said hello once, and been there for longer than the proxy remembers. */
  async function stayed(): Promise<TestAgent> {
    const agent = await fixture.agent();
    for (let turn = 0; turn < 4; turn += 1) {
      const poll = agent.startPoll();
      assert.equal(await stillWaits(poll.answer), true);
      fixture.clock.advance((AGE / 2) * 1000);
      poll.request.destroy();
      poll.answer.catch(() => undefined);
    }
    return agent;
  }

  async function forgotten(): Promise<void> {
    const response = await fixture.clock.advanceUntil(fixture.post().response(), 500);
    assert.equal(problemCode(response), 'no_agent');
  }

  it('counts from when its agent went, over a restart as well', async () => {
    await (await stayed()).bye();
    fixture.clock.advance((AGE - 10) * 1000);
    await fixture.restart();
    await fixture.kept();
    fixture.clock.advance(11_000);
    await forgotten();
  });

  it('counts from its start if the last proxy was killed while the agent was there', async () => {
    await stayed();
    await fixture.kill();
    await fixture.kept();
    await fixture.restart();
    fixture.clock.advance((AGE + 1) * 1000);
    await forgotten();
  });
});
