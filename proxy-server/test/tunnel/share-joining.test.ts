import assert from 'node:assert/strict';
import type { TunnelPolicy } from '../../src/protocol/index.ts';
import { Fixture } from '../support/fixture.ts';
import { answer, member, targets, waitingPoll } from '../support/sharing.ts';
import { TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('an agent on a code that others serve', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 5, agentWait: 5 }).start();
  });
  afterEach(() => fixture.stop());

  for (const share of ['balance', 'broadcast'] as const) {
    it(`joins them if all of them say ${share}`, async () => {
      const first = await member(fixture, share);
      const second = await member(fixture, share);
      const third = await member(fixture, share);
      assert.equal(new Set([first.session, second.session, third.session]).size, 3);
      assert.equal((await waitingPoll(fixture, first)).request.destroyed, false);
    });
  }

  const DIFFERENT: readonly (readonly [TunnelPolicy, TunnelPolicy, RegExp])[] = [
    [{ reply: 'wait' }, { reply: 'wait', share: 'balance' }, /by another agent \(first\/1\) alone/],
    [{ reply: 'wait', share: 'balance' }, { reply: 'wait' }, /share \\"balance\\", reply \\"wait/],
    [
      { reply: 'wait', share: 'balance' },
      { reply: 'wait', share: 'broadcast' },
      /Join with the same, choose another code, or take it over from all/,
    ],
    [
      { reply: 'wait', share: 'broadcast' },
      { reply: 'accept', share: 'broadcast' },
      /share \\"broadcast\\", reply \\"wait\\"/,
    ],
  ];
  for (const [theirs, own, says] of DIFFERENT) {
    it(`is refused with ${JSON.stringify(own)} where they have ${JSON.stringify(theirs)}`, async () => {
      const first = await fixture.agent({ software: 'first/1', policy: theirs });
      await waitingPoll(fixture, first);
      const refused = await new TestAgent(fixture.port).hello({ policy: own });
      assert.equal(refused.status, 409);
      assert.equal(refused.problem, 'code_in_use');
      assert.equal(refused.retryAfter, undefined);
      assert.match(refused.body.toString(), says);
    });
  }

  it('is refused with a time to try again if none of them has a poll open', async () => {
    await member(fixture, 'balance');
    await member(fixture, 'balance');
    const refused = await new TestAgent(fixture.port).hello();
    assert.equal(refused.retryAfter, '5');
  });

  it('that takes over takes the code from all of them', async () => {
    const first = await member(fixture, 'balance');
    const second = await member(fixture, 'balance');
    const polls = [await waitingPoll(fixture, first), await waitingPoll(fixture, second)];
    const third = new TestAgent(fixture.port);
    const policy = { reply: 'wait', share: 'balance' } as const;
    assert.equal((await third.hello({ takeover: true, software: 'third/1', policy })).status, 200);
    for (const poll of polls) {
      assert.equal((await within(poll.answer, 'the notice')).takenOverBy, 'third/1');
    }
    fixture.get('a');
    fixture.get('b');
    const taken = [(await third.take()).head.target, (await third.take()).head.target];
    assert.deepEqual(taken.sort(), ['/a', '/b']);
  });

  it('of the same installation is one more if the other has a poll open', async () => {
    const first = await member(fixture, 'balance');
    const poll = await waitingPoll(fixture, first);
    const second = await fixture.agent({
      installation: first.instance,
      policy: { reply: 'wait', share: 'balance' },
    });
    fixture.get('a');
    assert.deepEqual(await targets(poll), ['/a']);
    fixture.get('b');
    assert.equal((await second.take()).head.target, '/b');
  });

  for (const share of ['balance', 'broadcast'] as const) {
    it(`of the same installation has the place of one without a poll, with ${share}`, async () => {
      const first = await member(fixture, share);
      const other = await member(fixture, share);
      await waitingPoll(fixture, other, { capacity: 0 });
      const again = await fixture.agent({
        installation: first.instance,
        policy: { reply: 'wait', share },
      });
      assert.equal((await first.poll()).takenOverBy, 'test/1');
      const caller = fixture.get('a');
      const { head } = await again.take();
      // Its place is that of the first: it gives the reply.
      assert.equal(head.copy, undefined);
      await answer(again, head.id);
      assert.equal((await caller.response()).status, 200);
    });
  }

  it('of the same installation and another policy takes over if they are all of that installation', async () => {
    const first = await member(fixture, 'balance');
    const policy = { reply: 'wait' } as const;
    const second = new TestAgent(fixture.port);
    assert.equal((await second.hello({ installation: first.instance, policy })).status, 200);
    await second.bye();
    await member(fixture, 'balance');
    const third = await member(fixture, 'balance');
    const fourth = new TestAgent(fixture.port);
    assert.equal((await fourth.hello({ installation: third.instance, policy })).status, 409);
  });

  it('that says hello again keeps its session', async () => {
    await member(fixture, 'broadcast');
    const second = await member(fixture, 'broadcast');
    const { session } = second;
    await second.hello({ policy: { reply: 'wait', share: 'broadcast' } });
    assert.equal(second.session, session);
  });

  it('that says hello again with another policy is refused beside others, and keeps its session', async () => {
    await member(fixture, 'broadcast');
    const second = await member(fixture, 'broadcast');
    assert.equal((await second.hello({ policy: { reply: 'accept' } })).status, 409);
    const poll = await waitingPoll(fixture, second);
    assert.equal(await stillWaits(poll.answer), true);
  });
});
