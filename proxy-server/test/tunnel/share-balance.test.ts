import assert from 'node:assert/strict';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { answer, member, targets, waitingPoll } from '../support/sharing.ts';
import type { TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('agents that share a code by balance', () => {
  let fixture: Fixture;
  let one: TestAgent;
  let two: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 5, agentWait: 5, ackTimeout: 5 }).start();
    one = await member(fixture, 'balance');
    two = await member(fixture, 'balance');
  });
  afterEach(() => fixture.stop());

  /** Requests that arrive while nobody polls. */
  async function burst(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) fixture.get(String(at));
    await fixture.settled();
  }

  it('get each exchange once, whichever of them polls', async () => {
    const first = await waitingPoll(fixture, one);
    const second = await waitingPoll(fixture, two);
    fixture.get('a');
    // The poll of the first has been open for longer.
    assert.deepEqual(await targets(first), ['/a']);
    fixture.get('b');
    assert.deepEqual(await targets(second), ['/b']);
  });

  it('are given no more by who has the fewest in hand', async () => {
    const [first, second] = [await waitingPoll(fixture, one), await waitingPoll(fixture, two)];
    fixture.get('a');
    await targets(first);
    // One holds /a: everything goes to two as long as that has less.
    const slow = await waitingPoll(fixture, one);
    fixture.get('b');
    const [b] = (await within(second.answer, 'a poll')).exchanges;
    await answer(two, b?.head.id ?? '');
    for (const path of ['c', 'd', 'e']) {
      const poll = await waitingPoll(fixture, two);
      fixture.get(path);
      const [next] = (await within(poll.answer, 'a poll')).exchanges;
      assert.equal(next?.head.target, `/${path}`);
      await answer(two, next.head.id);
    }
    assert.equal(await stillWaits(slow.answer), true);
  });

  it('pass a slow one by, even if its poll has no room beyond one', async () => {
    await burst(4);
    assert.equal((await one.poll({ capacity: 1 })).exchanges.length, 1);
    const { exchanges } = await two.poll({ capacity: 10 });
    assert.equal(exchanges.length, 3);
  });

  it('leave what exceeds the room of one to the other', async () => {
    const [small, large] = [
      await waitingPoll(fixture, one, { capacity: 1 }),
      await waitingPoll(fixture, two, { capacity: 100 }),
    ];
    const body = 'x'.repeat(60_000);
    for (let at = 0; at < 6; at += 1) {
      fixture.get(String(at), 'POST', `Content-Length: ${body.length}\r\n`).send(body);
    }
    const first = await targets(small);
    const rest = await targets(large);
    assert.equal(first.length, 1);
    while (first.length + rest.length < 6) {
      rest.push(...(await two.poll()).exchanges.map(({ head }) => head.target));
    }
    assert.deepEqual([...first, ...rest].sort(), ['/0', '/1', '/2', '/3', '/4', '/5']);
  });

  it('lose what is in the hands of one that is lost, and only that', async () => {
    await waitingPoll(fixture, two, { capacity: 0 });
    const held = fixture.get('held');
    const { head } = await one.take();
    assert.equal(head.target, '/held');
    const poll = await waitingPoll(fixture, two);
    const response = await fixture.clock.advanceUntil(held.response());
    assert.equal(problemCode(response), 'agent_lost');
    assert.equal(await stillWaits(poll.answer), true);
    const caller = fixture.get('next');
    const [next] = (await within(poll.answer, 'a poll')).exchanges;
    await answer(two, next?.head.id ?? '');
    assert.equal((await caller.response()).status, 200);
  });

  it('do not get what another one was handed and did not acknowledge', async () => {
    fixture.get('a');
    const first = await one.take();
    const other = await waitingPoll(fixture, two);
    const notices = await waitingPoll(fixture, one, { capacity: 0 });
    fixture.clock.advance(6_000);
    const again = await one.poll({ capacity: 1 });
    assert.deepEqual(again.exchanges, [first]);
    assert.equal(await stillWaits(other.answer), true);
    assert.equal(await stillWaits(notices.answer), true);
  });

  it('get what another one never saw when that says good-bye', async () => {
    const caller = fixture.get('a');
    const first = await one.take();
    const poll = await waitingPoll(fixture, two);
    await one.bye();
    const [again] = (await within(poll.answer, 'a poll')).exchanges;
    assert.deepEqual(again, first);
    await answer(two, first.head.id);
    assert.equal((await caller.response()).status, 200);
  });

  it('get what was meant for a poll whose connection broke', async () => {
    const gone = await waitingPoll(fixture, one);
    const poll = await waitingPoll(fixture, two);
    gone.request.destroy();
    fixture.get('a');
    assert.deepEqual(await targets(poll), ['/a']);
  });

  it('are all told when the proxy is drained', async () => {
    const caller = fixture.get('held');
    const { head } = await one.take();
    const polls = [await waitingPoll(fixture, one), await waitingPoll(fixture, two)];
    const closed = fixture.proxy.close();
    for (const poll of polls) {
      assert.equal((await within(poll.answer, 'the notice')).draining, true);
    }
    await answer(one, head.id);
    assert.equal((await caller.response()).status, 200);
    await closed;
  });
});
