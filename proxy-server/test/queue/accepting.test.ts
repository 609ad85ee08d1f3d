import assert from 'node:assert/strict';
import type { RawResponse } from '../support/caller.ts';
import { answer, keptId, policy, QueueFixture } from '../support/queue-fixture.ts';
import type { Taken, TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('a tunnel that answers at once, at a proxy with a store', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start();
  });
  afterEach(() => fixture.stop());

  const ACCEPTING = policy({ reply: 'accept', offline: 'refuse' });

  /** A caller whose request has arrived and waits for an agent. */
  async function waiting(body: string): Promise<{ readonly response: Promise<RawResponse> }> {
    const response = fixture.post(body).response();
    assert.equal(await stillWaits(response), true);
    return { response };
  }

  async function next(agent: TestAgent): Promise<Taken> {
    for (;;) {
      const [taken] = (await within(agent.poll({ capacity: 1 }), 'an exchange')).exchanges;
      if (taken !== undefined) return taken;
    }
  }

  async function isKeptFirst(
    agent: TestAgent,
    callers: readonly Awaited<ReturnType<typeof waiting>>[],
  ): Promise<void> {
    for (const { response } of callers) {
      const taken = await next(agent);
      await fixture.acknowledge(agent, taken);
      assert.equal(taken.head.queued, keptId(await within(response, 'a 202')));
      await answer(agent, taken);
    }
  }

  it('has on disk what came before its first agent did', async () => {
    const callers = [await waiting('1'), await waiting('2')];
    await isKeptFirst(await fixture.agent(ACCEPTING), callers);
  });

  it('has on disk what came between two agents', async () => {
    await fixture.remembered(ACCEPTING);
    const callers = [await waiting('1'), await waiting('2')];
    await isKeptFirst(await fixture.agent(ACCEPTING), callers);
  });

  it('has on disk what came before the first of several that share it', async () => {
    const callers = [await waiting('1')];
    const shared = policy({ ...ACCEPTING.policy, share: 'broadcast' });
    await isKeptFirst(await fixture.agent(shared), callers);
  });

  it('has on disk what came while the connection of its agent was broken', async () => {
    const agent = await fixture.agent(ACCEPTING);
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    poll.request.destroy();
    await poll.answer.catch(() => undefined);
    await isKeptFirst(agent, [await waiting('1')]);
  });
});
