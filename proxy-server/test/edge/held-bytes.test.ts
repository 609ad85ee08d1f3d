import assert from 'node:assert/strict';
import { HeldBytes, UNSERVED } from '../../src/routing/index.ts';
import { problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { answer, member } from '../support/sharing.ts';
import { readRecords, type TestAgent } from '../support/test-agent.ts';
import { within } from '../support/wait.ts';

const KIB = 1024;
/** What may be held, and the largest body that travels whole: so many fit into a half and a quarter. */
const MOST = 1024 * KIB;
const INLINE = 64 * KIB;
const HALF = 8;
const QUARTER = 4;

describe('what is counted of bodies in memory', () => {
  it('fits up to half of it for one code, a quarter where nobody is, and the whole in all', () => {
    const held = new HeldBytes(400);
    assert.equal(held.take('a', 200), true);
    assert.equal(held.take('a', 1), false);
    assert.equal(held.take(UNSERVED, 100), true);
    assert.equal(held.take(UNSERVED, 1), false);
    assert.equal(held.take('b', 101), false);
    assert.equal(held.take('b', 100), true);
    held.give('a', 1);
    assert.equal(held.take('a', 1), true);
    assert.equal(held.take('c', 1), false);
  });
});

describe('bodies that are held in memory', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  async function start(more: object = {}): Promise<void> {
    fixture = await new Fixture({
      maxHeld: MOST,
      agentGrace: 36_000,
      agentWait: 300,
      ...more,
    }).start();
    agent = await fixture.agent();
  }
  afterEach(() => fixture.stop());

  function post(code = 'orders', size = INLINE): RawCaller {
    const head = `POST /forward/${code}/ HTTP/1.1\r\nHost: p\r\nContent-Length: ${size}\r\n\r\n`;
    return fixture.call(head).send(Buffer.alloc(size));
  }

  async function posts(count: number, code?: string): Promise<RawCaller[]> {
    const callers: RawCaller[] = [];
    for (let at = 0; at < count; at += 1) {
      callers.push(post(code));
      await fixture.settled();
    }
    for (const { rest } of callers) assert.equal(rest.length, 0, 'refused');
    return callers;
  }

  it('are refused as busy beyond half of what may be held, for one code', async () => {
    await start();
    await posts(HALF);
    const refused = await post().response();
    assert.equal(refused.status, 503);
    assert.equal(problemCode(refused), 'busy');
    const small = fixture.get('', 'GET');
    await fixture.settled();
    assert.equal(small.rest.length, 0, 'a request without a body needs no room');
  });

  it('leave room for other codes, and for more once they are answered', async () => {
    await start();
    const [first] = (await posts(HALF)) as [RawCaller];
    const other = await fixture.agent({ code: 'other', instance: 'f'.repeat(32) });
    post('other');
    assert.equal((await other.take()).body.length, INLINE);
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, HALF);
    await answer(agent, exchanges[0]?.head.id ?? '');
    assert.equal((await first.response()).status, 200);
    await posts(1);
  });

  it('are refused beyond a quarter for all codes together that nobody serves', async () => {
    await start();
    for (let at = 0; at < QUARTER; at += 1) await posts(1, `nobody-${at}`);
    assert.equal(problemCode(await post('nobody-else').response()), 'busy');
    await posts(HALF);
  });

  it('are let go when their callers leave', async () => {
    await start();
    const callers = await posts(QUARTER, 'nobody');
    for (const caller of callers) fixture.leave(caller);
    await fixture.settled();
    await posts(QUARTER, 'nobody');
  });

  it('take no room once they are on their way to the agent', async () => {
    await start();
    for (let at = 0; at < 2 * HALF; at += 1) {
      post('orders', INLINE + 1);
      const { head } = await agent.take();
      const records = readRecords((await agent.fetchBody(head.id)).body);
      assert.equal(records.length > 1, true);
    }
    await posts(HALF);
  });

  it('count what callers send ahead of the answer to a WebSocket', async () => {
    await start();
    const ask =
      'GET /forward/orders/ HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const callers: RawCaller[] = [];
    for (let at = 0; at < HALF; at += 1) {
      callers.push(fixture.call(ask));
      await fixture.settled();
      callers[at]?.send(Buffer.alloc(INLINE));
      await fixture.settled();
    }
    for (const { rest } of callers) assert.equal(rest.length, 0, 'refused');
    const more = fixture.call(ask).send('x');
    assert.equal(problemCode(await more.response()), 'busy');
  });

  it('are not kept for an agent that falls behind with its copy beyond what may be held', async () => {
    await start({ copyBuffer: 1024 * MOST, copyWait: 300 });
    await agent.bye();
    const leader = await member(fixture, 'broadcast');
    const other = await member(fixture, 'broadcast');
    const size = 4 * MOST;
    post('orders', size);
    const { head } = await leader.take();
    await other.take();
    const body = await within(leader.fetchBody(head.id), 'the whole body');
    assert.ok(body.body.length > size);
    const records = readRecords((await other.fetchBody(head.id)).body);
    assert.equal(
      records.at(-1)?.payload.toString('latin1'),
      'this agent fell behind the one that replies',
    );
  });
});
