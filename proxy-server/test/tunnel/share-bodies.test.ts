import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { RECORD } from '../../src/protocol/index.ts';
import { Fixture } from '../support/fixture.ts';
import { acknowledge, answer, member, waitingPoll } from '../support/sharing.ts';
import { readRecords, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

const KIB = 1024;
const HELD = 64 * KIB;

/** Stands for a body in messages, which are to stay short. */
function digest(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

describe('the body of a request that several agents get in pieces', () => {
  let fixture: Fixture;
  let leader: TestAgent;
  let other: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ copyBuffer: HELD, copyWait: 5, agentGrace: 3600 }).start();
    leader = await member(fixture, 'broadcast');
    other = await member(fixture, 'broadcast');
  });
  afterEach(() => fixture.stop());

  function begin(length: number) {
    return fixture.get('', 'POST', `Content-Length: ${length}\r\n`);
  }

  /** Both take it; resolves with its id. */
  async function both(): Promise<string> {
    const { head } = await leader.take();
    assert.equal((await other.take()).head.id, head.id);
    return head.id;
  }

  async function read(agent: TestAgent, id: string) {
    const records = readRecords((await agent.fetchBody(id)).body);
    const data = records.filter(({ type }) => type === RECORD.data);
    const last = records.at(-1);
    return {
      body: digest(Buffer.concat(data.map(({ payload }) => payload))),
      end: last?.type === RECORD.end ? 'end' : last?.payload.toString('latin1'),
    };
  }

  it('reaches each of them whole, whoever asks first', async () => {
    const body = 'abcdefgh'.repeat(KIB);
    for (const order of [
      [leader, other],
      [other, leader],
    ]) {
      const caller = begin(body.length + 64 * KIB).send('x'.repeat(64 * KIB));
      const id = await both();
      const reads = order.map((agent) => read(agent, id));
      caller.send(body);
      for (const got of await Promise.all(reads)) {
        assert.equal(got.end, 'end');
        assert.equal(got.body, digest('x'.repeat(64 * KIB) + body));
      }
      await answer(leader, id);
      await caller.response();
    }
  });

  it('is held for one that asks late, up to the limit', async () => {
    const body = 'y'.repeat(HELD);
    const caller = fixture
      .get('', 'POST', 'Transfer-Encoding: chunked\r\n')
      .send(`${HELD.toString(16)}\r\n${body}\r\n`);
    await fixture.settled();
    fixture.clock.advance(20);
    const id = await both();
    caller.send('0\r\n\r\n');
    assert.equal((await read(leader, id)).body, digest(body));
    await answer(leader, id);
    await caller.response();
    assert.deepEqual(await read(other, id), { body: digest(body), end: 'end' });
  });

  it('waits for one that falls behind, for a while, then breaks off for that one', async () => {
    const body = 'z'.repeat(4096 * KIB);
    const caller = begin(body.length).send(body);
    const id = await both();
    const first = read(leader, id);
    assert.equal(await stillWaits(first), true);
    fixture.clock.advance(4_999);
    assert.equal(await stillWaits(first), true);
    fixture.clock.advance(1);
    assert.deepEqual(await first, { body: digest(body), end: 'end' });
    await answer(leader, id);
    assert.equal((await caller.response()).status, 200);
    const { end } = await read(other, id);
    assert.equal(end, 'this agent fell behind the one that replies');
  });

  it('goes on for all of them once the one that fell behind reads', async () => {
    const body = 'z'.repeat(4096 * KIB);
    begin(body.length).send(body);
    const id = await both();
    const first = read(leader, id);
    assert.equal(await stillWaits(first), true);
    fixture.clock.advance(4_000);
    const copy = await read(other, id);
    assert.deepEqual(await first, { body: digest(body), end: 'end' });
    assert.deepEqual(copy, { body: digest(body), end: 'end' });
  });

  it('goes at the pace of the one that replies: the caller is not read without it', async () => {
    const caller = begin(4096 * KIB);
    caller.send('x'.repeat(100 * KIB));
    const id = await both();
    const ahead = read(other, id);
    assert.equal(await stillWaits(ahead), true);
    const rest = 'x'.repeat(3996 * KIB);
    caller.send(rest);
    const [first, copy] = await within(Promise.all([read(leader, id), ahead]), 'both', 5_000);
    assert.equal(first.body, digest('x'.repeat(4096 * KIB)));
    assert.equal(copy.end, 'end');
    assert.equal(copy.body, first.body);
  });

  it('breaks off for all of them if the caller does, and the copy is withdrawn', async () => {
    const caller = begin(200 * KIB).send('x'.repeat(100 * KIB));
    const id = await both();
    const reads = [read(leader, id), read(other, id)];
    const poll = await acknowledge(fixture, other, id);
    caller.destroy();
    for (const { end } of await Promise.all(reads)) assert.match(end ?? '', /the caller broke off/);
    const { cancelled } = await within(poll.answer, 'the notice');
    assert.deepEqual(cancelled, [{ id, reason: 'caller_gone' }]);
  });

  it('is not offered to who has not been given the exchange yet, once the caller broke off', async () => {
    const caller = begin(200 * KIB).send('x'.repeat(100 * KIB));
    await leader.take();
    caller.destroy();
    await fixture.settled();
    const poll = await waitingPoll(fixture, other);
    assert.equal(await stillWaits(poll.answer), true);
  });

  it('settles the copy once it was fetched whole, and not before', async () => {
    const caller = begin(100 * KIB).send('x'.repeat(90 * KIB));
    const id = await both();
    const first = read(leader, id);
    const outgoing: ClientRequest = other.open('GET', `/agent/body/${id}`);
    outgoing.end();
    const incoming = await new Promise<IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    );
    incoming.resume();
    await acknowledge(fixture, other, id);
    let over = false;
    incoming.on('end', () => (over = true));
    await fixture.settled();
    assert.equal(over, false);
    caller.send('x'.repeat(10 * KIB));
    await first;
    await until(() => over, 'the body');
    await answer(leader, id);
    assert.equal((await caller.response()).status, 200);
    assert.deepEqual((await answer(other, id)).results, [{ id, outcome: 2 }]);
  });
});
