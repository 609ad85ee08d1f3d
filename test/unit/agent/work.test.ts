import {
  AGENT_PATHS,
  decodeFailure,
  decodeResponse,
  encodeCancel,
  encodeResult,
  encodeTakenOver,
  encodeWaiting,
  OUTCOME,
  RECORD,
} from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { AGENT_DEFAULTS } from '../../../src/agent/options.ts';
import {
  acknowledged,
  capacity,
  exchange,
  freshId,
  readRecords,
  records,
  refuse,
} from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { turns, until, within } from './support/wait.ts';

describe('an agent at work', () => {
  let fixture: Fixture;
  /** Answers of the target that wait. */
  let held: ServerResponse[];

  beforeEach(async () => {
    fixture = new Fixture();
    held = [];
    await fixture.start();
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });
  afterEach(() => fixture.stop());

  /** From now on the target keeps its callers waiting. */
  function hold(): void {
    fixture.onTarget = (_request, response) => held.push(response);
  }

  async function hand(...parts: readonly string[]): Promise<void> {
    (await fixture.proxy.poll()).response.end(records(...parts));
  }

  /** The next request with replies, answered as delivered. */
  async function reply(): Promise<{ type: number; payload: Buffer }[]> {
    const asked = await fixture.proxy.next(AGENT_PATHS.reply);
    const all = readRecords(asked.body);
    const ids = all.map(({ type, payload }) =>
      payload.toString('latin1', type === RECORD.response ? 4 : 0).slice(0, 32),
    );
    asked.response.end(records(...ids.map((id) => encodeResult(id, OUTCOME.delivered))));
    return all;
  }

  function outcome(id: string) {
    const ended = fixture.events.find((event) => event.type === 'ended' && event.id === id);
    return ended?.type === 'ended' ? ended.outcome : undefined;
  }

  it('calls the target and replies with what it gave', async () => {
    const id = freshId();
    fixture.onTarget = (request, response) => {
      response.statusCode = 201;
      response.statusMessage = 'Made';
      response.end(`${request.method} ${request.url} ${String(request.headers['x-a'])}`);
    };
    await hand(exchange(id, { method: 'DELETE', target: '/a/../b?%2e', fields: ['X-A', '1'] }));
    const [record] = await reply();
    const { head, body } = decodeResponse(record?.payload ?? Buffer.alloc(0));
    assert.equal(head.id, id);
    assert.equal(head.status, 201);
    assert.equal(head.reason, 'Made');
    assert.equal(body.toString('latin1'), 'DELETE /a/../b?%2e 1');
    await until(() => outcome(id) !== undefined, 'the end');
    assert.deepEqual(outcome(id), { kind: 'replied' });
    assert.equal(fixture.agent.inHand, 0);
  });

  it('acknowledges what it got with the poll that it opens next', async () => {
    hold();
    const ids = [freshId(), freshId()];
    // Both resting polls are open already; the next one is the one that follows the answer.
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    await hand(...ids.map((id) => exchange(id)));
    await until(() => fixture.proxy.openPolls.length === 2, 'the next poll');
    const told = fixture.proxy.openPolls.flatMap(acknowledged);
    assert.deepEqual(told, ids);
  });

  it('works once on what is handed out twice, and acknowledges it both times', async () => {
    hold();
    const id = freshId();
    await hand(exchange(id));
    await until(() => held.length === 1, 'the call');
    const told: string[] = [];
    const answerNext = async (...parts: readonly string[]): Promise<void> => {
      const poll = await fixture.proxy.next(
        AGENT_PATHS.poll,
        (asked) => acknowledged(asked).length > 0,
      );
      told.push(...acknowledged(poll));
      poll.response.end(records(...parts));
    };
    await answerNext(exchange(id));
    await answerNext();
    await turns();
    assert.deepEqual(told, [id, id]);
    assert.equal(held.length, 1);
    assert.equal(fixture.agent.inHand, 1);
  });

  it('works once on what is handed out twice in one answer', async () => {
    hold();
    const id = freshId();
    await hand(exchange(id), exchange(id));
    await until(() => held.length === 1, 'the call');
    await turns();
    assert.equal(held.length, 1);
    assert.equal(fixture.agent.inHand, 1);
  });

  it('says again what a poll that broke was to acknowledge', async () => {
    hold();
    const id = freshId();
    await hand(exchange(id));
    const poll = await fixture.proxy.next(
      AGENT_PATHS.poll,
      (asked) => acknowledged(asked).length > 0,
    );
    poll.response.destroy();
    await fixture.reaches('retrying');
    fixture.clock.advance(2_500);
    await fixture.proxy.welcome();
    const again = await fixture.proxy.next(
      AGENT_PATHS.poll,
      (asked) => acknowledged(asked).length > 0,
    );
    assert.deepEqual(acknowledged(again), [id]);
    assert.equal(fixture.agent.inHand, 1, 'what is in hand outlives the connection');
  });

  it('says that a reply in pieces is lost when its connection breaks', async () => {
    const id = freshId();
    fixture.onTarget = (_request, response) => response.end(Buffer.alloc(100_000));
    await hand(exchange(id));
    const broken = await fixture.proxy.next(AGENT_PATHS.reply);
    assert.equal(readRecords(broken.body)[0]?.type, RECORD.responseStart);
    // Whether the proxy has seen any of it, the agent cannot know.
    broken.response.destroy();
    const [record] = await reply();
    assert.equal(record?.type, RECORD.failure);
    assert.equal(decodeFailure(record?.payload ?? Buffer.alloc(0)).id, id);
    assert.equal(outcome(id)?.kind, 'undelivered');
  });

  it('gives the target up when the proxy withdraws the exchange', async () => {
    hold();
    const id = freshId();
    await hand(exchange(id));
    await until(() => held.length === 1, 'the call');
    await hand(encodeCancel(id, 'caller_gone'));
    await until(() => held[0]?.destroyed === true, 'the connection to go');
    assert.deepEqual(outcome(id), { kind: 'cancelled', reason: 'caller_gone' });
    assert.equal(fixture.agent.inHand, 0);
    await turns();
    assert.equal(
      fixture.proxy.asked.some(({ path }) => path === AGENT_PATHS.reply),
      false,
    );
  });

  it('passes over the withdrawal of what it does not have', async () => {
    await hand(encodeCancel(freshId(), 'caller_gone'));
    await turns();
    assert.equal(fixture.agent.state.kind, 'live');
  });

  it('opens a further poll at once when more waits than fits into an answer', async () => {
    hold();
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    await hand(exchange(freshId()), encodeWaiting(7));
    await until(() => fixture.proxy.openPolls.length === 3, 'a third poll');
    const more = fixture.proxy.openPolls.find(
      ({ request }) => request.headers['caronte-wait'] === '0',
    );
    assert.ok(more);
    assert.equal(capacity(more), AGENT_DEFAULTS.maxInFlight / AGENT_DEFAULTS.maxPolls);
  });

  it('never has more than eight polls open, however much waits', async () => {
    hold();
    let most = 0;
    for (let count = 1; count <= 30; count += 1) {
      await hand(exchange(freshId()), encodeWaiting(1_000));
      await until(() => fixture.agent.inHand === count, 'the exchange');
      await turns(5);
      most = Math.max(most, fixture.proxy.openPolls.length);
    }
    assert.ok(most > 2 && most <= AGENT_DEFAULTS.maxPolls, `${most} polls`);
  });

  it('asks for nothing but notices while it has as much in hand as it may', async () => {
    hold();
    const ids: string[] = [];
    while (ids.length < 1024) {
      const poll = await fixture.proxy.poll();
      const room = Math.min(capacity(poll), 1024 - ids.length);
      const fresh = Array.from({ length: room }, () => freshId());
      ids.push(...fresh);
      poll.response.end(records(...fresh.map((id) => exchange(id))));
      await until(() => fixture.agent.inHand === ids.length, 'the exchanges');
    }
    for (let round = 0; round < 10; round += 1) {
      const open = fixture.proxy.openPolls.find((asked) => capacity(asked) > 0);
      if (open === undefined) break;
      (await fixture.proxy.next(AGENT_PATHS.poll, (asked) => asked === open)).response.end(
        records(),
      );
      await turns(10);
    }
    await until(() => fixture.proxy.openPolls.length === 1, 'a single poll');
    assert.deepEqual(fixture.proxy.openPolls.map(capacity), [0]);
    const [first] = ids;
    const notices = await fixture.proxy.next(AGENT_PATHS.poll);
    notices.response.end(records(encodeCancel(first ?? '', 'caller_gone')));
    await until(() => fixture.proxy.openPolls.some((asked) => capacity(asked) > 0), 'room');
  });

  describe('that is closed', () => {
    it('finishes what it has in hand, then says good-bye', async () => {
      hold();
      const id = freshId();
      await hand(exchange(id));
      await until(() => held.length === 1, 'the call');
      const closed = fixture.agent.close();
      assert.equal(fixture.agent.close(), closed);
      const notices = await fixture.proxy.next(AGENT_PATHS.poll, (asked) => capacity(asked) === 0);
      await turns();
      assert.equal(notices.response.destroyed, false);
      assert.equal(
        fixture.proxy.asked.some(({ path }) => path === AGENT_PATHS.bye),
        false,
      );
      held[0]?.end('done');
      await reply();
      const bye = await fixture.proxy.next(AGENT_PATHS.bye);
      bye.response.statusCode = 204;
      bye.response.end();
      await within(closed, 'the end');
      assert.deepEqual(outcome(id), { kind: 'replied' });
      assert.deepEqual(fixture.agent.state, { kind: 'stopped' });
    });

    it('says good-bye at once with nothing in hand', async () => {
      await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
      const closed = fixture.agent.close();
      const bye = await fixture.proxy.next(AGENT_PATHS.bye);
      assert.equal(bye.request.headers['caronte-session'], fixture.proxy.session);
      bye.response.statusCode = 204;
      bye.response.end();
      await within(closed, 'the end');
      await until(() => fixture.proxy.openPolls.length === 0, 'the polls to go');
    });

    it('leaves no timer that would keep its process from ending', async () => {
      const closed = fixture.agent.close();
      const bye = await fixture.proxy.next(AGENT_PATHS.bye);
      bye.response.statusCode = 204;
      bye.response.end();
      await within(closed, 'the end');
      assert.equal(fixture.clock.dueWithin(Infinity), 0);
    });

    it('ends although the proxy refuses the good-bye', async () => {
      const closed = fixture.agent.close();
      refuse(await fixture.proxy.next(AGENT_PATHS.bye), 404, 'session_unknown');
      await within(closed, 'the end');
    });

    it('takes no new work, and hears of withdrawals to the end', async () => {
      hold();
      const id = freshId();
      await hand(exchange(id));
      await until(() => held.length === 1, 'the call');
      const closed = fixture.agent.close();
      const poll = await fixture.proxy.next(AGENT_PATHS.poll, (asked) => capacity(asked) === 0);
      poll.response.end(records(encodeCancel(id, 'caller_gone')));
      const bye = await fixture.proxy.next(AGENT_PATHS.bye);
      bye.response.end();
      await within(closed, 'the end');
      assert.deepEqual(outcome(id), { kind: 'cancelled', reason: 'caller_gone' });
    });
  });

  it('that was taken over finishes what it has in hand', async () => {
    hold();
    const id = freshId();
    await hand(exchange(id));
    await until(() => held.length === 1, 'the call');
    await hand(encodeTakenOver('other/2'));
    await fixture.reaches('stopped');
    held[0]?.end('done');
    await reply();
    await until(() => outcome(id) !== undefined, 'the end');
    assert.deepEqual(outcome(id), { kind: 'replied' });
  });
});
