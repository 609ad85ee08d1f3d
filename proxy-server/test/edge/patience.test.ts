import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { encodeResponse, RECORD } from '../../src/protocol/index.ts';
import { problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { answer as answerDelivery, QUEUEING, QueueFixture } from '../support/queue-fixture.ts';
import { acknowledge, answer, member } from '../support/sharing.ts';
import { readRecords, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

/** How long an answer may take to begin, in seconds, and nearly so much in milliseconds. */
const LONGEST = 120;
const NEARLY = LONGEST * 1000 - 500;
/** Deadlines are late by so much at most. */
const TICK = 500;

const KIB = 1024;
const INLINE = 64 * KIB;
const LARGE = 16 * 1024 * KIB;

/** A fetched body that the test reads as it likes. */
class Fetched {
  received = 0;
  readonly incoming: IncomingMessage;
  readonly ended: Promise<unknown>;
  readonly #pieces: Buffer[] = [];

  private constructor(incoming: IncomingMessage) {
    this.incoming = incoming;
    this.ended = once(incoming, 'end');
    incoming.pause();
    incoming.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.received += piece.length;
    });
  }

  static async open(agent: TestAgent, id: string): Promise<Fetched> {
    const request = agent.open('GET', `/agent/body/${id}`);
    request.end();
    const [incoming] = (await within(once(request, 'response'), 'the body')) as [IncomingMessage];
    return new Fetched(incoming);
  }

  /** Reads so many bytes more, and stops. */
  async read(bytes: number): Promise<void> {
    const enough = this.received + bytes;
    this.incoming.resume();
    await until(() => this.received >= enough, `${bytes} bytes more`);
    this.incoming.pause();
  }

  get last(): number | undefined {
    return readRecords(Buffer.concat(this.#pieces)).at(-1)?.type;
  }
}

describe('the time in which an answer has to begin', () => {
  let fixture: Fixture;

  afterEach(() => fixture.stop());

  async function begin(bodyIdleTimeout = 3600): Promise<void> {
    const limits = { agentGrace: 36_000, maxTimeoutResponse: LONGEST, bodyIdleTimeout };
    fixture = await new Fixture(limits).start();
  }

  async function start(bodyIdleTimeout?: number): Promise<TestAgent> {
    await begin(bodyIdleTimeout);
    return fixture.agent();
  }

  function upload(length: number): RawCaller {
    return fixture.get('', 'POST', `Content-Length: ${length}\r\n`);
  }

  /** An upload that has been going on for far longer than that, all but its last byte. */
  async function longUpload(agent: TestAgent) {
    const caller = upload(INLINE + 6).send(Buffer.alloc(INLINE));
    const { head } = await agent.take();
    const body = await Fetched.open(agent, head.id);
    body.incoming.resume();
    await until(() => body.received > INLINE, 'the first piece');
    for (let piece = 0; piece < 5; piece += 1) {
      const before = body.received;
      fixture.clock.advance(NEARLY);
      caller.send('x');
      await until(() => body.received > before, `piece ${piece}`);
    }
    return { caller, id: head.id, body };
  }

  it('does not count while the request’s body arrives', async () => {
    const agent = await start();
    const { caller, id, body } = await longUpload(agent);
    fixture.clock.advance(2 * NEARLY);
    caller.send('x');
    await within(body.ended, 'the end');
    fixture.clock.advance(NEARLY);
    await answer(agent, id);
    assert.equal((await caller.response()).status, 200);
  });

  it('counts from the moment at which all of the body has arrived', async () => {
    const agent = await start();
    const { caller, body } = await longUpload(agent);
    caller.send('x');
    await within(body.ended, 'the end');
    const response = caller.response();
    fixture.clock.advance(NEARLY);
    assert.equal(await stillWaits(response), true);
    fixture.clock.advance(2 * TICK);
    assert.equal(problemCode(await response), 'response_timeout');
  });

  it('leaves a body that stops arriving to the idle time, however long that is', async () => {
    const agent = await start(10 * LONGEST);
    const caller = upload(INLINE + 1).send(Buffer.alloc(INLINE));
    const { head } = await agent.take();
    const body = await Fetched.open(agent, head.id);
    await body.read(INLINE);
    const response = caller.response();
    fixture.clock.advance(10 * NEARLY);
    assert.equal(await stillWaits(response), true);
    fixture.clock.advance(20 * TICK);
    assert.equal(problemCode(await response), 'upload_stalled');
  });

  it('counts while nobody fetches the body, although it arrives', async () => {
    await start();
    const caller = upload(INLINE).send('x');
    await fixture.settled();
    const response = caller.response();
    fixture.clock.advance(NEARLY);
    caller.send('x');
    await fixture.settled();
    assert.equal(await stillWaits(response), true);
    fixture.clock.advance(2 * TICK);
    assert.equal(problemCode(await response), 'response_timeout');
  });

  it('counts while an agent reads no more of the body, anew with each part that it reads', async () => {
    const agent = await start();
    const caller = upload(LARGE).send(Buffer.alloc(LARGE));
    const { head } = await agent.take();
    const body = await Fetched.open(agent, head.id);
    const response = caller.response();
    for (let part = 0; part < 3; part += 1) {
      fixture.clock.advance(NEARLY);
      await body.read(4 * 1024 * KIB);
      await fixture.settled();
    }
    assert.equal(await stillWaits(response), true);
    fixture.clock.advance(NEARLY + 2 * TICK);
    assert.equal(problemCode(await response), 'response_timeout');
  });

  it('is the same for a copy: not while its body arrives, and then from its end on', async () => {
    await begin();
    const leader = await member(fixture, 'broadcast');
    const other = await member(fixture, 'broadcast');
    const caller = upload(INLINE + 2).send(Buffer.alloc(INLINE));
    const { head } = await leader.take();
    await other.take();
    const bodies = [await Fetched.open(leader, head.id), await Fetched.open(other, head.id)];
    for (const body of bodies) body.incoming.resume();
    for (let piece = 0; piece < 2; piece += 1) {
      fixture.clock.advance(NEARLY);
      caller.send('x');
      await until(() => bodies.every(({ received }) => received > INLINE + piece), 'a piece');
    }
    for (const body of bodies) {
      await within(body.ended, 'the end');
      assert.equal(body.last, RECORD.end);
    }
    await answer(leader, head.id);
    await caller.response();
    const poll = await acknowledge(fixture, other, head.id);
    assert.equal(await stillWaits(poll.answer), true, 'nothing is withdrawn');
  });

  it('is the same for what comes from the queue: a slow agent may fetch a large body', async () => {
    await begin();
    const queue = await QueueFixture.start({ agentGrace: 36_000, maxTimeoutResponse: LONGEST });
    try {
      await queue.remembered();
      await queue.kept(Buffer.alloc(LARGE));
      const agent = await queue.agent(QUEUEING);
      const taken = await agent.take();
      await queue.acknowledge(agent, taken);
      const body = await Fetched.open(agent, taken.head.id);
      for (let part = 0; part < 3; part += 1) {
        queue.clock.advance(NEARLY);
        await body.read(LARGE / 4);
      }
      queue.clock.advance(NEARLY);
      body.incoming.resume();
      await within(body.ended, 'the end');
      assert.equal(body.last, RECORD.end);
      queue.clock.advance(NEARLY);
      await answerDelivery(agent, taken);
      await until(() => queue.store.counts('orders').waiting === 0, 'the delivery');
    } finally {
      await queue.stop();
    }
  });

  it('is what it was for an answer to a request without a body', async () => {
    const agent = await start();
    const caller = fixture.get();
    const { head } = await agent.take();
    fixture.clock.advance(NEARLY);
    await agent.reply(encodeResponse({ id: head.id, status: 204, reason: '', fields: [] }, 0));
    assert.equal((await caller.response()).status, 204);
    const late = fixture.get();
    await fixture.settled();
    fixture.clock.advance(NEARLY + 2 * TICK);
    assert.equal(problemCode(await late.response()), 'response_timeout');
  });
});
