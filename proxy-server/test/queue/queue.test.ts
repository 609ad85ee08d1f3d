import assert from 'node:assert/strict';
import {
  encodeFailure,
  FAILURE,
  QUEUE_DEFAULTS,
  type QueuePage,
} from '../../src/protocol/index.ts';
import { field, problemCode } from '../support/caller.ts';
import { answer, keptId, policy, QueueFixture, QUEUEING } from '../support/queue-fixture.ts';
import type { Taken, TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

describe('a tunnel that queues', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start({ agentWait: 1, queueAttempts: 3 });
  });
  afterEach(() => fixture.stop());

  /** Takes one exchange and acknowledges it. */
  async function take(agent: TestAgent): Promise<Taken> {
    const taken = await agent.take();
    await fixture.acknowledge(agent, taken);
    return taken;
  }

  /** The next exchange, and how long it took by the proxy's clock: at least that. */
  async function delivered(
    agent: TestAgent,
  ): Promise<{ readonly taken: Taken; readonly afterMs: number }> {
    const since = fixture.clock.monotonic();
    for (;;) {
      const { answer } = agent.startPoll({ capacity: 1 });
      const [taken] = (await fixture.clock.advanceUntil(answer, 100)).exchanges;
      // Notices of what the queue holds come in between.
      if (taken !== undefined) return { taken, afterMs: fixture.clock.monotonic() - since };
    }
  }

  function empty(): Promise<void> {
    return until(() => fixture.store.counts('orders').waiting === 0, 'an empty queue');
  }

  it('answers 202 while no agent is there, and delivers once one is', async () => {
    await fixture.remembered();
    const receivedAt = fixture.clock.wall();
    const id = await fixture.kept('some body', 'X-Own: é\r\nX-Own: 2\r\n');
    fixture.clock.advance(60_000);

    const agent = await fixture.agent();
    assert.deepEqual(agent.welcome?.queue, {
      waiting: 1,
      dead: 0,
      oldestAt: receivedAt,
      paused: false,
    });
    const taken = await take(agent);
    assert.equal(taken.body.toString(), 'some body');
    assert.equal(taken.head.method, 'POST');
    assert.equal(taken.head.target, '/hook');
    assert.equal(taken.head.attempt, 1);
    assert.equal(taken.head.queued, id);
    assert.notEqual(taken.head.id, id);
    assert.equal(taken.head.receivedAt, receivedAt);
    const { fields } = taken.head;
    assert.deepEqual(fields.slice(4, 8), ['X-Own', 'é', 'X-Own', '2']);
    assert.equal(field(fields, 'Caronte-Delivery'), id);
    assert.equal(field(fields, 'Caronte-Attempt'), '1');
    assert.equal(field(fields, 'Caronte-Queued'), '1');
    assert.equal(field(fields, 'Caronte-Received'), new Date(receivedAt).toISOString());
    await answer(agent, taken);
    await empty();
  });

  it('refuses methods that it does not queue', async () => {
    await fixture.remembered();
    const caller = fixture.proxy.get();
    const response = await fixture.clock.advanceUntil(caller.response(), 500);
    assert.equal(problemCode(response), 'no_agent');
  });

  it('queues the methods that its agent says', async () => {
    await fixture.remembered(policy({ queue: { ...QUEUE_DEFAULTS, methods: ['GET'] } }));
    keptId(await within(fixture.proxy.get().response(), 'a 202'));
    const response = await fixture.clock.advanceUntil(fixture.post().response(), 500);
    assert.equal(problemCode(response), 'no_agent');
  });

  it('keeps a body that is too large for a record, and its trailers', async () => {
    await fixture.remembered();
    const large = Buffer.alloc(300_000, 'large');
    await fixture.kept(large);
    const caller = fixture.proxy.call(
      'POST /forward/orders/t HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n',
    );
    keptId(await within(caller.response(), 'a 202', 5_000));

    const agent = await fixture.agent();
    const first = await take(agent);
    assert.deepEqual(first.head.body, { kind: 'stream', length: large.length });
    const body = await agent.fetchBody(first.head.id);
    // Version, then records of DATA and an END; the heads of records are few.
    assert.ok(body.body.includes(large.subarray(0, 60_000)));
    assert.ok(body.body.length > large.length && body.body.length < large.length + 200);
    await answer(agent, first);
    const second = await take(agent);
    assert.deepEqual(second.head.body, { kind: 'stream', length: undefined });
    const trailers = await agent.fetchBody(second.head.id);
    assert.match(trailers.body.toString('latin1'), /abc.*X-Sum\n6$/s);
    await answer(agent, second);
    await empty();
  });

  it('lets an agent that is there answer, and tells the target which delivery it is', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    const taken = await take(agent);
    assert.equal(taken.head.queued, undefined);
    assert.equal(field(taken.head.fields, 'Caronte-Delivery'), taken.head.id);
    assert.equal(field(taken.head.fields, 'Caronte-Attempt'), '1');
    assert.equal(field(taken.head.fields, 'Caronte-Queued'), undefined);
    await answer(agent, taken, 201);
    assert.equal((await caller.response()).status, 201);
    assert.equal(fixture.store.counts('orders').waiting, 0);
  });

  it('answers 202 after 2 s if an agent does not acknowledge, and withdraws the exchange', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    const taken = await agent.take();
    fixture.clock.advance(1_900);
    const response = caller.response();
    assert.equal(await stillWaits(response), true);
    fixture.clock.advance(200);
    const id = keptId(await within(response, 'a 202', 5_000));
    assert.equal(id, taken.head.id);
    const { cancelled } = await agent.poll({ capacity: 0 });
    assert.deepEqual(cancelled, [{ id, reason: 'caller_gone' }]);
  });

  it('delivers it again under a higher number, since the agent may have had it', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    await agent.take();
    fixture.clock.advance(2_100);
    const id = keptId(await within(caller.response(), 'a 202', 5_000));
    await agent.bye();
    const other = await fixture.agent();
    const again = await take(other);
    assert.deepEqual([again.head.queued, again.head.attempt], [id, 2]);
  });

  it('keeps what an agent had acknowledged when it is lost before it answers', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    const taken = await take(agent);
    fixture.clock.advance(6_000);
    const id = keptId(await within(caller.response(), 'a 202', 5_000));
    assert.equal(id, taken.head.id);
    const other = await fixture.agent();
    assert.equal((await take(other)).head.attempt, 2);
  });

  it('keeps what reached an agent whose target cannot be reached', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    const { head } = await take(agent);
    const failure = { id: head.id, code: FAILURE.unreachable, detail: 'connection refused' };
    await agent.reply(encodeFailure(failure));
    keptId(await within(caller.response(), 'a 202', 5_000));
    const again = await take(agent);
    assert.equal(again.head.attempt, 2);
  });

  it('gives callers the target’s own errors', async () => {
    const agent = await fixture.agent();
    const caller = fixture.post();
    await answer(agent, await take(agent), 500);
    assert.equal((await caller.response()).status, 500);
    assert.equal(fixture.store.counts('orders').waiting, 0);
  });

  it('pauses while the target cannot be reached, and does not count that', async () => {
    await fixture.remembered();
    await fixture.kept('first');
    await fixture.kept('second');
    const agent = await fixture.agent();
    let next = await agent.take();
    for (const [pauseMs, attempt] of [
      [1_000, 1],
      [2_000, 2],
      [4_000, 3],
      [8_000, 4],
    ] as const) {
      const { head } = next;
      assert.equal(head.attempt, attempt);
      const failure = { id: head.id, code: FAILURE.unreachable, detail: 'refused' };
      await agent.reply(encodeFailure(failure));
      const { taken, afterMs } = await delivered(agent);
      assert.equal(taken.body.toString(), 'first');
      assert.ok(afterMs >= pauseMs, `again after ${afterMs} ms`);
      next = taken;
    }
    assert.equal(next.head.attempt, 5);
  });

  it('tries again after an error of the target, and lets the others go on', async () => {
    await fixture.remembered();
    await fixture.kept('first');
    await fixture.kept('second');
    const agent = await fixture.agent();
    await answer(agent, await take(agent), 503, ['Retry-After', '60']);
    const second = await take(agent);
    assert.equal(second.body.toString(), 'second');
    await answer(agent, second);
    const { taken, afterMs } = await delivered(agent);
    assert.deepEqual([taken.body.toString(), taken.head.attempt], ['first', 2]);
    assert.ok(afterMs >= 60_000, `again after ${afterMs} ms`);
  });

  it('gives up after as many failures as are allowed, until a person delivers it again', async () => {
    await fixture.remembered();
    const id = await fixture.kept();
    const agent = await fixture.agent();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { taken } = await delivered(agent);
      assert.equal(taken.head.attempt, attempt);
      await answer(agent, taken, 500);
    }
    await until(() => fixture.store.counts('orders').dead === 1, 'a dead letter');
    const page = await agent.queue('GET', 'orders?state=dead');
    const { queue, entries } = page.json as QueuePage;
    assert.deepEqual([queue.waiting, queue.dead], [0, 1]);
    const [dead] = entries;
    assert.deepEqual(
      [dead?.id, dead?.state, dead?.attempts, dead?.reason],
      [id, 'dead', 3, 'the target answered 500'],
    );
    assert.deepEqual((await agent.queue('POST', 'orders/deliver', { ids: [id] })).json, {
      count: 1,
    });
    const again = await take(agent);
    assert.equal(again.head.attempt, 4);
    await answer(agent, again);
    await empty();
  });

  it('delivers one at a time, in order, unless told otherwise', async () => {
    await fixture.remembered();
    for (const body of ['1', '2', '3']) await fixture.kept(body);
    const agent = await fixture.agent();
    for (const body of ['1', '2', '3']) {
      const { exchanges, waiting } = await agent.poll();
      assert.deepEqual(
        exchanges.map((taken) => taken.body.toString()),
        [body],
      );
      assert.equal(waiting, 0);
      const [taken] = exchanges;
      if (taken !== undefined) await answer(agent, taken);
    }
  });

  it('delivers as many at once as its agent says', async () => {
    const parallel = policy({ queue: { ...QUEUE_DEFAULTS, parallel: 2 } });
    await fixture.remembered(parallel);
    for (const body of ['1', '2', '3']) await fixture.kept(body);
    const agent = await fixture.agent(parallel);
    const { exchanges } = await agent.poll();
    assert.deepEqual(
      exchanges.map((taken) => taken.body.toString()),
      ['1', '2'],
    );
  });

  it('begins no more in a second than its agent says', async () => {
    const slowly = policy({ queue: { ...QUEUE_DEFAULTS, parallel: 10, perSecond: 2 } });
    await fixture.remembered(slowly);
    for (const body of ['1', '2', '3']) await fixture.kept(body);
    const agent = await fixture.agent(slowly);
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, 2);
    const next = agent.startPoll();
    fixture.clock.advance(400);
    assert.equal(await stillWaits(next.answer), true);
    fixture.clock.advance(200);
    assert.equal((await within(next.answer, 'the third')).exchanges.length, 1);
  });

  it('waits for a person’s word if it is told to', async () => {
    const paused = policy({ queue: { ...QUEUE_DEFAULTS, paused: true } });
    await fixture.remembered(paused);
    await fixture.kept();
    const agent = await fixture.agent(paused);
    assert.equal(agent.welcome?.queue?.paused, true);
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    const resumed = await agent.queue('POST', 'orders/resume');
    const { queue } = resumed.json as Pick<QueuePage, 'queue'>;
    assert.deepEqual([queue.waiting, queue.paused], [1, false]);
    assert.equal((await within(poll.answer, 'a delivery')).exchanges.length, 1);
  });

  it('goes on as a person said when its agent comes back, and starts over with another one', async () => {
    const paused = policy({ queue: { ...QUEUE_DEFAULTS, paused: true } });
    const agent = await fixture.agent(paused);
    await agent.queue('POST', 'orders/resume');
    await agent.hello(paused);
    assert.equal(agent.welcome?.queue?.paused, false);
    await agent.bye();
    assert.equal((await fixture.agent(paused)).welcome?.queue?.paused, true);
  });

  it('survives a restart of the proxy, with its policy and what it holds', async () => {
    await fixture.remembered();
    const first = await fixture.kept('before');
    await fixture.restart();
    const second = await fixture.kept('after');
    const agent = await fixture.agent();
    assert.equal(agent.welcome?.queue?.waiting, 2);
    for (const id of [first, second]) {
      const taken = await take(agent);
      assert.equal(taken.head.queued, id);
      await answer(agent, taken);
    }
  });

  it('counts a delivery that a restart cut off', async () => {
    await fixture.remembered();
    await fixture.kept();
    const agent = await fixture.agent();
    assert.equal((await agent.take()).head.attempt, 1);
    await fixture.restart();
    assert.equal((await (await fixture.agent()).take()).head.attempt, 2);
  });

  it('forgets that it queues once an agent says so', async () => {
    await fixture.remembered();
    await fixture.remembered({ policy: { reply: 'wait' } });
    const response = await fixture.clock.advanceUntil(fixture.post().response(), 500);
    assert.equal(problemCode(response), 'no_agent');
  });

  it('keeps nothing more once its agent has been away for too long', async () => {
    await fixture.remembered();
    fixture.clock.advance(72 * 3_600_000 - 1_000);
    await fixture.kept();
    fixture.clock.advance(2_000);
    const response = await fixture.clock.advanceUntil(fixture.post().response(), 500);
    assert.equal(problemCode(response), 'no_agent');
  });

  it('does not keep a second time what its sender sends twice', async () => {
    const once = policy({ queue: { ...QUEUE_DEFAULTS, dedupeSeconds: 60 } });
    await fixture.remembered(once);
    await fixture.kept('a', 'X-GitHub-Delivery: 1\r\n');
    await fixture.kept('b', 'X-GitHub-Delivery: 1\r\n');
    await fixture.kept('c', 'X-GitHub-Delivery: 2\r\n');
    assert.equal(fixture.store.counts('orders').waiting, 2);
    fixture.clock.advance(61_000);
    await fixture.kept('d', 'X-GitHub-Delivery: 1\r\n');
    assert.equal(fixture.store.counts('orders').waiting, 3);
  });

  it('looks into a large body for what its sender calls the event', async () => {
    await fixture.remembered(policy({ queue: { ...QUEUE_DEFAULTS, dedupeSeconds: 60 } }));
    const event = (id: string): Buffer =>
      Buffer.from(`{"id": "${id}", "more": "${'x'.repeat(100_000)}"}`);
    await fixture.kept(event('evt_1'), 'Stripe-Signature: t=1\r\n');
    await fixture.kept(event('evt_1'), 'Stripe-Signature: t=2\r\n');
    assert.equal(fixture.store.counts('orders').waiting, 1);
    await fixture.kept(event('evt_2'), 'Stripe-Signature: t=3\r\n');
    assert.equal(fixture.store.counts('orders').waiting, 2);
  });

  it('tells its agents what it holds, at most once a second', async () => {
    const agent = await fixture.agent(policy({ reply: 'accept' }));
    const taken = fixture.kept();
    const first = await agent.poll();
    await taken;
    const notice = agent.startPoll({ capacity: 0 });
    fixture.clock.advance(999);
    assert.equal(await stillWaits(notice.answer), true);
    fixture.clock.advance(1);
    const { queue } = await within(notice.answer, 'a notice');
    assert.equal(queue?.waiting, 1);
    const [exchange] = first.exchanges;
    assert.ok(exchange);
    await answer(agent, exchange);
    await empty();
    const later = agent.startPoll({ capacity: 0 });
    fixture.clock.advance(1_000);
    assert.equal((await within(later.answer, 'a notice')).queue?.waiting, 0);
  });

  describe('and answers at once', () => {
    const ACCEPTING = policy({ reply: 'accept', offline: 'refuse' });

    it('keeps each request, delivers it and waits for the reply', async () => {
      const agent = await fixture.agent(ACCEPTING);
      const id = await fixture.kept();
      const taken = await take(agent);
      assert.equal(taken.head.queued, id);
      assert.equal(fixture.store.counts('orders').waiting, 1);
      await answer(agent, taken);
      await empty();
    });

    it('refuses while no agent is there, unless it is to queue', async () => {
      await fixture.remembered(ACCEPTING);
      const response = await fixture.clock.advanceUntil(fixture.post().response(), 500);
      assert.equal(problemCode(response), 'no_agent');
      await fixture.remembered(policy({ reply: 'accept' }));
      await fixture.kept();
    });
  });

  describe('and is full', () => {
    it('answers 507, and tells its agent how many were lost', async () => {
      await fixture.stop();
      fixture = await QueueFixture.start({ queueCount: 2 });
      await fixture.remembered();
      await fixture.kept();
      await fixture.kept();
      const response = await within(fixture.post().response(), 'a 507');
      assert.equal(response.status, 507);
      assert.equal(problemCode(response), 'queue_full');
      const agent = await fixture.agent();
      assert.equal(agent.welcome?.missed?.quota, 1);
      // The answer may have been lost: only who polls has got it.
      await agent.hello(QUEUEING);
      assert.equal(agent.welcome?.missed?.quota, 1);
      await agent.take();
      await until(() => fixture.store.missed('orders').quota === 0, 'the count to begin anew');
      await agent.hello(QUEUEING);
      assert.equal(agent.welcome?.missed, undefined);
    });

    it('lets a large body go as soon as it does not fit', async () => {
      await fixture.stop();
      fixture = await QueueFixture.start({ queueBytes: 200_000 });
      await fixture.remembered();
      const response = await within(fixture.post(Buffer.alloc(300_000)).response(), 'a 507');
      assert.equal(problemCode(response), 'queue_full');
      await fixture.kept(Buffer.alloc(150_000));
    });
  });
});
