import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { encodeResponseStart, RECORD, recordHeader } from '../../src/protocol/index.ts';
import { problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { answer } from '../support/sharing.ts';
import { gather, records, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

/** Places of each kind, and how many may wait for one. */
const MOST = 2;
const WAITING = 2;

/** After so long, in milliseconds, whoever has a place is certainly known to be silent, or not yet. */
const SILENT = 2_300;
const NOT_YET = 1_900;

const LENGTH = 100_000;
const UPGRADE =
  'GET /forward/orders/ws HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('callers that hold exchanges up', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({
      maxSlowPerCode: MOST,
      buffer: WAITING,
      agentGrace: 36_000,
      ackTimeout: 3600,
      drainTimeout: 3600,
    }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  async function upload(path: string): Promise<RawCaller> {
    const caller = fixture.get(path, 'POST', `Content-Length: ${LENGTH}\r\n`).send('x');
    await fixture.settled();
    return caller;
  }

  async function uploads(...paths: readonly string[]): Promise<RawCaller[]> {
    const callers: RawCaller[] = [];
    for (const path of paths) callers.push(await upload(path));
    return callers;
  }

  /** All that there is for the agent now. */
  async function taken(): Promise<string[]> {
    const { answer: polled } = agent.startPoll({ wait: 1 });
    const { exchanges } = await fixture.clock.advanceUntil(polled, 0.5, 1_500);
    return exchanges.map(({ head }) => head.target);
  }

  async function problem(caller: RawCaller | undefined): Promise<string | undefined> {
    return caller && problemCode(await within(caller.response(), 'a problem'));
  }

  it('have so many uploads in hand, and others pass them by', async () => {
    await uploads('a', 'b', 'c');
    assert.deepEqual(await taken(), ['/a', '/b']);
    fixture.get('good');
    assert.deepEqual(await taken(), ['/good']);
  });

  it('give their places to uploads that wait, in turn, once all has arrived', async () => {
    const [first] = await uploads('a', 'b', 'c', 'd');
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, MOST);
    const body = agent.fetchBody(exchanges[0]?.head.id ?? '');
    first?.send(Buffer.alloc(LENGTH - 1));
    await body;
    assert.deepEqual(await taken(), ['/c']);
  });

  it('do not keep an upload waiting that has arrived meanwhile', async () => {
    await uploads('a', 'b');
    await agent.poll();
    // It is small enough to arrive whole without a reader.
    const late = fixture.get('late', 'POST', 'Content-Length: 2\r\n').send('x');
    await fixture.settled();
    fixture.clock.advance(100);
    assert.deepEqual(await taken(), []);
    late.send('y');
    await fixture.settled();
    assert.deepEqual(await taken(), ['/late']);
  });

  it('are refused beyond those that may wait', async () => {
    const callers = await uploads('a', 'b', 'c', 'd', 'e');
    assert.equal(await problem(callers[4]), 'too_many_in_flight');
    for (const { rest } of callers.slice(0, 4)) assert.equal(rest.length, 0);
  });

  it('lose their places to others when they send next to nothing, and not without others', async () => {
    const callers = await uploads('a', 'b');
    const { exchanges } = await agent.poll();
    for (const { head } of exchanges) void agent.fetchBody(head.id).catch(() => undefined);
    await fixture.settled();
    fixture.clock.advance(3 * SILENT);
    await fixture.settled();
    for (const { rest } of callers) assert.equal(rest.length, 0);
    callers[0]?.send(Buffer.alloc(1024));
    callers[1]?.send(Buffer.alloc(1023));
    await fixture.settled();
    await upload('c');
    await fixture.settled();
    assert.equal(await problem(callers[1]), 'too_many_in_flight');
    assert.equal(callers[0]?.rest.length, 0);
    assert.deepEqual(await taken(), ['/c']);
  });

  it('keep their places while it is the agent that does not read', async () => {
    const callers = await uploads('a', 'b');
    for (const caller of callers) caller.send(Buffer.alloc(LENGTH - 2));
    await fixture.settled();
    await upload('c');
    fixture.clock.advance(3 * SILENT);
    await fixture.settled();
    for (const { rest } of callers) assert.equal(rest.length, 0);
  });

  it('do not get in the way of another code', async () => {
    await uploads('a', 'b', 'c');
    const other = await fixture.agent({ code: 'other', instance: 'e'.repeat(32) });
    fixture.call(`POST /forward/other/ HTTP/1.1\r\nHost: p\r\nContent-Length: ${LENGTH}\r\n\r\n`);
    await other.take();
  });

  it('are told so when the proxy goes down, if they wait', async () => {
    const callers = await uploads('a', 'b', 'c');
    const closed = fixture.proxy.close();
    assert.equal(await problem(callers[2]), 'draining');
    for (const caller of callers) caller.destroy();
    void closed;
  });

  describe('of an answer that they do not read', () => {
    /** Has the caller read, and drop what it reads. */
    function readOn({ socket }: RawCaller): void {
      socket.removeAllListeners('data');
      socket.resume();
    }

    /** An answer that waits for its caller. */
    async function unread(path: string) {
      const caller = fixture.get(path);
      caller.socket.pause();
      const { head } = await agent.take();
      const reply = agent.open('POST', '/agent/reply');
      void gather(reply).catch(() => undefined);
      const piece = Buffer.concat([
        Buffer.from(recordHeader(RECORD.data, 1_000_000), 'latin1'),
        randomBytes(1_000_000),
      ]);
      reply.write(
        records(encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields: [] })),
      );
      for (let at = 0; at < 20; at += 1) reply.write(piece);
      await stillWaits(new Promise(() => undefined), 100);
      return caller;
    }

    it('are broken off once there are more of them, and those that are silent for longest', async () => {
      const callers = [await unread('a'), await unread('b')];
      fixture.clock.advance(SILENT);
      await fixture.settled();
      for (const { socket } of callers) assert.equal(socket.destroyed, false);
      const third = await unread('c');
      for (const caller of callers) readOn(caller);
      await within(callers[0]?.closed ?? Promise.resolve(), 'the end of the first');
      assert.equal(third.socket.destroyed, false);
      assert.equal(await stillWaits(callers[1]?.closed ?? Promise.resolve()), true);
    });

    it('are not broken off for a short delay', async () => {
      const callers = [await unread('a'), await unread('b'), await unread('c')];
      fixture.clock.advance(NOT_YET);
      await fixture.settled();
      for (const caller of callers) readOn(caller);
      for (const { closed } of callers) assert.equal(await stillWaits(closed), true);
    });
  });

  describe('of a target that does not answer their requests for WebSockets', () => {
    it('have so many of them in hand, until one is answered', async () => {
      for (let at = 0; at < 3; at += 1) fixture.call(UPGRADE);
      await fixture.settled();
      const { exchanges } = await agent.poll();
      assert.equal(exchanges.length, MOST);
      fixture.get('good');
      await fixture.settled();
      assert.deepEqual(await taken(), ['/good']);
      const reply = agent.open('POST', '/agent/reply');
      const [first] = exchanges;
      const id = first?.head.id ?? '';
      reply.write(records(encodeResponseStart({ id, status: 101, reason: 'S', fields: [] })));
      assert.equal((await agent.take()).head.target, '/ws');
    });

    it('lose their places to others after 10 s', async () => {
      const callers = [fixture.call(UPGRADE), fixture.call(UPGRADE)];
      await fixture.settled();
      await agent.poll();
      fixture.clock.advance(9_900);
      fixture.call(UPGRADE);
      await fixture.settled();
      for (const { rest } of callers) assert.equal(rest.length, 0);
      fixture.clock.advance(400);
      const answers = callers.map((caller) => problem(caller));
      assert.equal(await Promise.race(answers), 'too_many_in_flight');
      assert.equal((await agent.take()).head.target, '/ws');
    });
  });

  it('leave nothing behind: the places are free again when they go', async () => {
    for (const caller of await uploads('a', 'b', 'c', 'd')) fixture.leave(caller);
    await fixture.settled();
    await uploads('e', 'f');
    const { exchanges } = await agent.poll();
    assert.deepEqual(
      exchanges.map(({ head }) => head.target),
      ['/e', '/f'],
    );
    for (const { head } of exchanges) await answer(agent, head.id);
  });
});
