import { encodeResponse, type Share } from '../../src/protocol/index.ts';
import type { Fixture } from './fixture.ts';
import type { OpenPoll, TestAgent } from './test-agent.ts';
import { within } from './wait.ts';

/** An agent that shares the code with others. */
export function member(fixture: Fixture, share: Share, software = 'test/1'): Promise<TestAgent> {
  return fixture.agent({ software, policy: { reply: 'wait', share } });
}

export function answer(agent: TestAgent, id: string, body = 'ok') {
  return agent.reply(
    encodeResponse({ id, status: 200, reason: 'OK', fields: [] }, body.length),
    body,
  );
}

/** Opens a poll, and resolves once it waits at the proxy. */
export async function waitingPoll(
  fixture: Fixture,
  agent: TestAgent,
  options: Parameters<TestAgent['startPoll']>[0] = {},
): Promise<OpenPoll> {
  const poll = agent.startPoll({ wait: 120, ...options });
  await fixture.settled();
  return poll;
}

/** Acknowledges in a poll that brings notices alone, and stays open. */
export function acknowledge(
  fixture: Fixture,
  agent: TestAgent,
  ...ids: readonly string[]
): Promise<OpenPoll> {
  return waitingPoll(fixture, agent, { capacity: 0, acknowledge: ids });
}

export async function targets(poll: OpenPoll): Promise<string[]> {
  const { exchanges } = await within(poll.answer, 'a poll');
  return exchanges.map(({ head }) => head.target);
}
