import assert from 'node:assert/strict';
import { encodeFailure } from '../../src/protocol/index.ts';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { acknowledge, answer, member, waitingPoll } from '../support/sharing.ts';
import type { Taken, TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('agents that share a code by broadcast', () => {
  let fixture: Fixture;
  let leader: TestAgent;
  let second: TestAgent;
  let third: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 5, agentWait: 5, ackTimeout: 5, buffer: 3 }).start();
    leader = await member(fixture, 'broadcast');
    second = await member(fixture, 'broadcast');
    third = await member(fixture, 'broadcast');
  });
  afterEach(() => fixture.stop());

  function post(path: string, body: string) {
    return fixture.get(path, 'POST', `Content-Length: ${body.length}\r\n`).send(body);
  }

  it('each get the request, and know whether the reply is theirs', async () => {
    const caller = post('a?b=c', 'body');
    const taken: Taken[] = [];
    for (const agent of [leader, second, third]) taken.push(await agent.take());
    assert.deepEqual(
      taken.map(({ head, body }) => [head.target, String(body), head.copy]),
      [
        ['/a?b=c', 'body', undefined],
        ['/a?b=c', 'body', true],
        ['/a?b=c', 'body', true],
      ],
    );
    assert.equal(new Set(taken.map(({ head }) => head.id)).size, 1);
    await answer(leader, taken[0]?.head.id ?? '', 'of the first');
    assert.equal((await caller.response()).body.toString(), 'of the first');
  });

  it('get no copy of a WebSocket, which is the first one’s alone', async () => {
    const poll = await waitingPoll(fixture, second);
    fixture.get('', 'GET', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    const { head } = await leader.take();
    assert.deepEqual([head.body, head.copy], [{ kind: 'upgrade' }, undefined]);
    assert.equal(await stillWaits(poll.answer), true);
  });

  it('do not answer the caller with what they say of a copy', async () => {
    const caller = fixture.get();
    const { head } = await leader.take();
    await second.take();
    await third.take();
    await answer(second, head.id, 'of a copy');
    const code = 'target_unreachable';
    await third.reply(encodeFailure({ id: head.id, code, detail: 'no' }));
    assert.equal(await stillWaits(caller.response()), true);
    caller.destroy();
  });

  it('have done with a copy once they acknowledged it', async () => {
    fixture.get();
    await leader.take();
    const { head } = await second.take();
    fixture.clock.advance(4_000);
    await acknowledge(fixture, second, head.id);
    const poll = await waitingPoll(fixture, second);
    fixture.clock.advance(6_000);
    assert.equal(await stillWaits(poll.answer), true);
    assert.deepEqual((await answer(second, head.id)).results, [{ id: head.id, outcome: 2 }]);
  });

  it('are handed a copy again that they did not acknowledge', async () => {
    fixture.get();
    await leader.take();
    const first = await second.take();
    await waitingPoll(fixture, second, { capacity: 0 });
    fixture.clock.advance(6_000);
    const again = await second.poll({ capacity: 1 });
    assert.deepEqual(again.exchanges, [first]);
  });

  it('get their copies although the caller was answered, or left, before they polled', async () => {
    const answered = post('answered', 'x');
    await answer(leader, (await leader.take()).head.id);
    await answered.response();
    const gone = post('left', 'x');
    await leader.take();
    gone.destroy();
    await fixture.settled();
    const copies = [await second.take(), await second.take()];
    assert.deepEqual(
      copies.map(({ head, body }) => [head.target, String(body), head.copy]),
      [
        ['/answered', 'x', true],
        ['/left', 'x', true],
      ],
    );
  });

  it('are led by the first to have joined, also between two of its polls', async () => {
    for (const path of ['a', 'b', 'c']) {
      fixture.get(path);
      assert.equal((await leader.take()).head.copy, undefined);
      assert.equal((await second.take()).head.copy, true);
    }
  });

  it('are led by the next one once the first said good-bye', async () => {
    await leader.bye();
    fixture.get();
    assert.equal((await second.take()).head.copy, undefined);
    assert.equal((await third.take()).head.copy, true);
  });

  it('are led by the next one as soon as the connection of the first breaks', async () => {
    const poll = await waitingPoll(fixture, leader);
    poll.request.destroy();
    await fixture.settled();
    fixture.get();
    assert.equal((await second.take()).head.copy, undefined);
    // It may have lost a poll only: it gets a copy if it comes back.
    assert.equal((await leader.take()).head.copy, true);
  });

  it('are led by the next one while the first takes notices alone', async () => {
    await waitingPoll(fixture, leader, { capacity: 0 });
    fixture.get();
    assert.equal((await second.take()).head.copy, undefined);
  });

  it('answer in the place of one that went before it was given the exchange', async () => {
    const caller = fixture.get();
    await fixture.settled();
    await leader.bye();
    const { head } = await second.take();
    assert.equal(head.copy, undefined);
    assert.equal((await third.take()).head.copy, true);
    await answer(second, head.id);
    assert.equal((await caller.response()).status, 200);
  });

  it('cannot answer if all of them were told not to before the first one went', async () => {
    const caller = fixture.get();
    await second.take();
    await third.take();
    await leader.bye();
    assert.equal(problemCode(await caller.response()), 'agent_lost');
  });

  it('do not answer in the place of one that was lost with the exchange in its hands', async () => {
    const caller = fixture.get();
    const { head } = await leader.take();
    (await acknowledge(fixture, leader, head.id)).request.destroy();
    await waitingPoll(fixture, second, { capacity: 0 });
    await waitingPoll(fixture, third, { capacity: 0 });
    const response = await fixture.clock.advanceUntil(caller.response());
    assert.equal(problemCode(response), 'agent_lost');
  });

  it('hold nobody up if one of them does not poll; it gets as many copies as may wait', async () => {
    await waitingPoll(fixture, third, { capacity: 0 });
    for (const path of ['a', 'b', 'c', 'd', 'e']) {
      const caller = fixture.get(path);
      await answer(leader, (await leader.take()).head.id);
      assert.equal((await caller.response()).status, 200);
      await acknowledge(fixture, second, (await second.take()).head.id);
    }
    const copies: string[] = [];
    while (copies.length < 3) {
      copies.push(...(await third.poll()).exchanges.map(({ head }) => head.target));
    }
    assert.deepEqual(copies, ['/a', '/b', '/c']);
    assert.equal(fixture.log.filter((line) => line.startsWith('copies dropped')).length, 1);
  });

  it('refuse callers when too many wait for the one that replies', async () => {
    for (const path of ['a', 'b', 'c']) fixture.get(path);
    await fixture.settled();
    const { status } = await fixture.get('d').response();
    assert.equal(status, 429);
  });

  it('are told that a copy is withdrawn which they have not acknowledged for too long', async () => {
    fixture.get();
    const { head } = await leader.take();
    await answer(leader, head.id);
    await second.take();
    let cancelled: readonly { readonly id: string; readonly reason: string }[] = [];
    while (cancelled.length === 0) {
      const poll = await fixture.clock.advanceUntil(second.startPoll().answer, 100, 200_000);
      ({ cancelled } = poll);
    }
    assert.deepEqual(cancelled, [{ id: head.id, reason: 'response_timeout' }]);
  });

  it('leave the exchange to a newcomer if nobody was there when it arrived', async () => {
    for (const agent of [leader, second, third]) await agent.bye();
    const caller = fixture.get('waits');
    await fixture.settled();
    const first = await member(fixture, 'broadcast');
    const late = await member(fixture, 'broadcast');
    const poll = await waitingPoll(fixture, late);
    const { head } = await first.take();
    assert.equal(head.copy, undefined);
    await answer(first, head.id);
    assert.equal((await caller.response()).status, 200);
    assert.equal(await stillWaits(poll.answer), true);
  });

  it('each get 202 sent for them where the policy is to accept, once the first has the request', async () => {
    const policy = { reply: 'accept', share: 'broadcast' } as const;
    const first = await fixture.agent({ code: 'other', policy });
    const other = await fixture.agent({ code: 'other', policy });
    const caller = fixture.call('GET /forward/other/ HTTP/1.1\r\nHost: p\r\n\r\n');
    const { head } = await other.take();
    await acknowledge(fixture, other, head.id);
    const response = caller.response();
    assert.equal(await stillWaits(response), true);
    await first.take();
    await acknowledge(fixture, first, head.id);
    assert.equal((await within(response, 'the answer')).status, 202);
  });
});
