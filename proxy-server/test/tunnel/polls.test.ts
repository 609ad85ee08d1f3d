import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import type { TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

describe('a poll', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    // One connection brings a burst.
    const limits = {
      maxTimeoutLongPoll: 120,
      agentGrace: 3600,
      agentWait: 3600,
      maxPipelined: 100,
    };
    fixture = await new Fixture(limits).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  /** Sends requests one after another, each certainly in the queue before the next. */
  async function queue(paths: readonly string[]): Promise<RawCaller[]> {
    const callers: RawCaller[] = [];
    for (const path of paths) {
      callers.push(fixture.get(path));
      await fixture.settled();
    }
    return callers;
  }

  it('without work ends empty after the time that was asked for', async () => {
    const began = fixture.clock.monotonic();
    const answer = await fixture.clock.advanceUntil(agent.startPoll({ wait: 7 }).answer, 10);
    const passed = fixture.clock.monotonic() - began;
    assert.equal(answer.status, 204);
    assert.equal(answer.body.length, 0);
    assert.ok(passed >= 7_000, `${passed} ms`);
  });

  it('does not wait longer than the proxy allows', async () => {
    const poll = agent.startPoll({ wait: 999_999 });
    const answer = await fixture.clock.advanceUntil(poll.answer, 100, 1_000_000);
    assert.equal(answer.status, 204);
    assert.ok(fixture.clock.monotonic() < 300_000, `${fixture.clock.monotonic()} ms`);
  });

  it('that may wait for no time at all still brings what is there', async () => {
    await queue(['a']);
    assert.equal((await agent.poll({ wait: 0 })).exchanges.length, 1);
  });

  it('is answered as soon as there is work', async () => {
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    fixture.get('now');
    assert.equal((await within(poll.answer, 'the poll')).exchanges[0]?.head.target, '/now');
  });

  it('under load is answered while requests of the same turn are still read', async () => {
    const polls = [agent.startPoll({ capacity: 100 }), agent.startPoll({ capacity: 100 })];
    await fixture.settled();
    const burst = Array.from(
      { length: 20 },
      (_, at) => `GET /forward/orders/${at} HTTP/1.1\r\nHost: p\r\n\r\n`,
    );
    fixture.call(burst.join(''));
    const answers = await Promise.all(polls.map(({ answer }) => within(answer, 'the poll')));
    assert.deepEqual(
      answers.map(({ exchanges }) => exchanges.length).toSorted((a, b) => a - b),
      [4, 16],
    );
  });

  it('of capacity 0 brings notices but no work', async () => {
    const caller = fixture.get('held');
    const { head } = await agent.take();
    const poll = agent.startPoll({ capacity: 0 });
    fixture.get('more');
    assert.equal(await stillWaits(poll.answer), true);
    fixture.leave(caller);
    const answer = await within(poll.answer, 'the notice');
    assert.deepEqual(answer.exchanges, []);
    assert.deepEqual(
      answer.cancelled.map(({ id }) => id),
      [head.id],
    );
    assert.equal(answer.waiting, 1);
    assert.equal((await agent.take()).head.target, '/more');
  });

  it('brings as many as it has room for, oldest first, and tells how many wait', async () => {
    const sent = Array.from({ length: 10 }, (_, at) => String(at));
    await queue(sent);
    const got: string[] = [];
    let left = sent.length;
    for (const capacity of [1, 3, 2, 100]) {
      const { exchanges, waiting: more } = await agent.poll({ capacity });
      got.push(...exchanges.map(({ head }) => head.target));
      left -= exchanges.length;
      assert.equal(
        exchanges.length,
        Math.min(capacity, sent.length - got.length + exchanges.length),
      );
      assert.equal(more, left);
    }
    assert.deepEqual(
      got,
      sent.map((path) => `/${path}`),
    );
  });

  it('is closed at about a megabyte, and the rest waits', async () => {
    const size = 64 * 1024;
    const total = 24;
    for (let count = 0; count < total; count += 1) {
      fixture.get('', 'POST', `Content-Length: ${size}\r\n`).send(randomBytes(size));
      await fixture.settled();
    }
    let seen = 0;
    while (seen < total) {
      const answer = await agent.poll();
      assert.ok(answer.body.length < 1024 * 1024 + size + 4096, `${answer.body.length} bytes`);
      seen += answer.exchanges.length;
      assert.ok(answer.waiting <= total - seen);
    }
    assert.equal(seen, total);
  });

  it('does not bring what ended while it waited in the queue', async () => {
    const [, second] = await queue(['a', 'b', 'c']);
    fixture.leave(second);
    await second?.closed;
    await fixture.settled();
    const { exchanges } = await agent.poll();
    assert.deepEqual(
      exchanges.map(({ head }) => head.target),
      ['/a', '/c'],
    );
  });

  it('that breaks while it waits does not take work with it', async () => {
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    poll.request.destroy();
    // The proxy has seen the connection go once a request sent after that is answered.
    await agent.fetchBody('0'.repeat(32));
    fixture.get('a');
    const taken = await fixture.clock.advanceUntil(agent.startPoll().answer, 50, 20_000);
    assert.equal(taken.exchanges[0]?.head.target, '/a');
  });

  it('says what the agent cannot know: when the request came, and how patient the caller is', async () => {
    const before = fixture.clock.wall();
    fixture.get();
    const { head } = await agent.take();
    assert.equal(head.receivedAt, before);
    assert.equal(head.patienceMs, 120_000);
    assert.equal(head.attempt, 1);
    assert.match(head.id, /^[0-9a-f]{32}$/);
  });

  it('belongs to the session that the same agent resumes with a second hello', async () => {
    const poll = agent.startPoll();
    assert.equal(await stillWaits(poll.answer), true);
    const { session } = agent;
    await agent.hello();
    assert.equal(agent.session, session);
    fixture.get('a');
    assert.equal((await within(poll.answer, 'the poll')).exchanges.length, 1);
  });
});
