import assert from 'node:assert/strict';
import { encodeResponse } from '../../src/protocol/index.ts';
import { Fixture } from '../support/fixture.ts';
import type { OpenPoll, TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

const ACK_MS = 5_000;

describe('an exchange that was handed out', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ ackTimeout: ACK_MS / 1000, agentGrace: 3600 }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  const ids = ({ exchanges }: Awaited<OpenPoll['answer']>): string[] =>
    exchanges.map(({ head }) => head.id);

  function answer(id: string) {
    return agent.reply(encodeResponse({ id, status: 200, reason: 'OK', fields: [] }, 2), 'ok');
  }

  it('and is not acknowledged in time is handed to the same session again, as the same', async () => {
    const caller = fixture.get('a', 'POST', 'Content-Length: 4\r\n').send('body');
    const first = await agent.take();
    const began = fixture.clock.monotonic();
    const again = await fixture.clock.advanceUntil(agent.startPoll().answer, 10);
    assert.ok(fixture.clock.monotonic() - began >= ACK_MS);
    assert.deepEqual(again.exchanges, [first]);
    await answer(first.head.id);
    assert.equal((await caller.response()).body.toString(), 'ok');
  });

  it('and is acknowledged is not handed out again', async () => {
    fixture.get();
    const { head } = await agent.take();
    const poll = agent.startPoll({ acknowledge: [head.id], wait: 120 });
    // The acknowledgement has certainly been read once a later request is answered.
    await until(() => poll.request.writableFinished, 'the poll');
    await agent.fetchBody(head.id);
    fixture.clock.advance(10 * ACK_MS);
    assert.equal(await stillWaits(poll.answer), true);
  });

  it('and is acknowledged too late is taken out of the queue again', async () => {
    fixture.get('a');
    const { head } = await agent.take();
    fixture.clock.advance(2 * ACK_MS);
    const none = agent.startPoll({ acknowledge: [head.id], capacity: 5 });
    fixture.get('b');
    const { exchanges } = await within(none.answer, 'the next exchange');
    assert.deepEqual(
      exchanges.map((one) => one.head.target),
      ['/b'],
    );
  });

  it('comes before newer ones when it is handed out again', async () => {
    fixture.get('a');
    const { head: a } = await agent.take();
    fixture.get('b');
    const { head: b } = await agent.take();
    fixture.clock.advance(ACK_MS / 2);
    fixture.get('c');
    fixture.clock.advance(2 * ACK_MS);
    const targets: string[] = [];
    while (targets.length < 3) {
      const { exchanges } = await agent.poll({ capacity: 3 });
      targets.push(...exchanges.map(({ head }) => head.target));
    }
    assert.deepEqual(new Set(targets), new Set(['/a', '/b', '/c']));
    assert.equal(targets.at(-1), '/c');
    assert.notEqual(a.id, b.id);
  });

  it('and was answered before its lease ran out is not handed out again', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    await answer(head.id);
    await caller.response();
    const poll = agent.startPoll({ wait: 120 });
    await agent.fetchBody(head.id);
    fixture.clock.advance(10 * ACK_MS);
    assert.equal(await stillWaits(poll.answer), true);
  });

  it('is handed out again only as far as a poll’s acknowledgement left it out', async () => {
    for (const path of ['a', 'b', 'c']) fixture.get(path);
    let taken: string[] = [];
    while (taken.length < 3) taken = [...taken, ...ids(await agent.poll())];
    const [one, two, three] = taken;
    const poll = agent.startPoll({ acknowledge: [one ?? '', three ?? ''] });
    const again = await fixture.clock.advanceUntil(poll.answer, 50, 20_000);
    assert.deepEqual(ids(again), [two]);
  });

  it('passes over acknowledgements of what never was, twice, or long ago', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const poll = agent.startPoll({ acknowledge: ['f'.repeat(32), head.id, head.id] });
    await answer(head.id);
    await caller.response();
    fixture.get('next');
    assert.deepEqual(
      (await poll.answer).exchanges.map((one) => one.head.target),
      ['/next'],
    );
    const last = agent.startPoll({ acknowledge: [head.id], capacity: 1 });
    fixture.get('last');
    assert.equal((await within(last.answer, 'a poll')).exchanges[0]?.head.target, '/last');
  });

  it('ends for the caller once only, however often it was handed out', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    for (let round = 0; round < 3; round += 1) {
      const poll = await fixture.clock.advanceUntil(agent.startPoll().answer, 100, 20_000);
      assert.deepEqual(ids(poll), [head.id]);
    }
    assert.deepEqual((await answer(head.id)).results, [{ id: head.id, outcome: 1 }]);
    assert.deepEqual((await answer(head.id)).results, [{ id: head.id, outcome: 2 }]);
    assert.equal((await caller.response()).body.toString(), 'ok');
    assert.equal(caller.rest.length, 0);
  });

  it('whose caller left is withdrawn with a notice', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const poll = agent.startPoll({ capacity: 0, acknowledge: [head.id] });
    fixture.leave(caller);
    const { cancelled, exchanges } = await within(poll.answer, 'the notice');
    assert.deepEqual(cancelled, [{ id: head.id, reason: 'caller_gone' }]);
    assert.deepEqual(exchanges, []);
    assert.deepEqual((await answer(head.id)).results, [{ id: head.id, outcome: 2 }]);
  });

  it('is not lost if the poll’s connection breaks before its answer was read', async () => {
    // About as much as one answer brings, so that it is not all written in one go.
    const size = 64 * 1024;
    const callers = 15;
    const head = `POST /forward/orders/ HTTP/1.1\r\nHost: p\r\nContent-Length: ${size}\r\n\r\n`;
    const silent = fixture.call();
    for (let count = 0; count < callers; count += 1) fixture.call(head + 'x'.repeat(size));
    await until(() => fixture.callers.every(({ socket }) => !socket.connecting), 'the callers');
    silent.socket.pause();
    silent.send(
      `POST /agent/poll HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer ${agent.secret}\r\nCaronte-Session: ${agent.session}\r\nContent-Length: 1\r\n\r\n\x01`,
    );
    silent.destroy();
    await silent.closed;
    const seen = new Set<string>();
    const collect = async (): Promise<void> => {
      while (seen.size < callers)
        for (const id of ids(await agent.startPoll().answer)) seen.add(id);
    };
    await fixture.clock.advanceUntil(collect(), 50, 60_000);
    assert.equal(seen.size, callers);
  });

  it('fails with response_timeout when the caller’s patience ends, and the agent hears of it', async () => {
    const caller = fixture.get();
    const { head } = await agent.take();
    const poll = agent.startPoll({ acknowledge: [head.id], capacity: 1, wait: 120 });
    const began = fixture.clock.monotonic();
    const response = await fixture.clock.advanceUntil(caller.response(), 100);
    assert.equal(response.status, 504);
    assert.match(response.body.toString(), /"code":"response_timeout"/);
    assert.ok(fixture.clock.monotonic() - began >= 119_000);
    const { cancelled } = await within(poll.answer, 'the notice').catch(() => agent.poll());
    assert.deepEqual(cancelled, [{ id: head.id, reason: 'response_timeout' }]);
  });
});
