import assert from 'node:assert/strict';
import { encodeResponse, encodeResponseStart } from '../../src/protocol/index.ts';
import { field } from '../support/caller.ts';
import { FIRST } from '../support/certificates.ts';
import { Fixture } from '../support/fixture.ts';
import { records, type Taken, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, within } from '../support/wait.ts';

const MOST = 8;
const LIMITS = { maxPipelined: MOST, agentGrace: 36_000 };

function get(path: string | number): string {
  return `GET /forward/orders/${path} HTTP/1.1\r\nHost: p\r\n\r\n`;
}

function post(path: string | number, body: string): string {
  return `POST /forward/orders/${path} HTTP/1.1\r\nHost: p\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

describe('requests that one connection sends without waiting for answers', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture(LIMITS).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  /** Answers with the path that was asked for. */
  async function answer({ head }: Taken): Promise<void> {
    const body = head.target;
    await agent.reply(
      encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, body.length),
      body,
    );
  }

  /** Takes and answers until so many are answered; how many came at once at most. */
  async function serve(count: number): Promise<number> {
    let most = 0;
    for (let served = 0; served < count;) {
      const { exchanges } = await agent.poll();
      most = Math.max(most, exchanges.length);
      // The last first: the order of the answers is not the agent's to keep.
      for (const taken of exchanges.toReversed()) await answer(taken);
      served += exchanges.length;
    }
    return most;
  }

  it('are in hand up to the limit, and the next one once an answer has left', async () => {
    const caller = fixture.call(Array.from({ length: MOST + 1 }, (_, at) => get(at)).join(''));
    const { exchanges } = await agent.poll();
    assert.equal(exchanges.length, MOST);
    const next = agent.poll();
    assert.equal(await stillWaits(next), true);
    const [first] = exchanges as [Taken];
    await answer(first);
    assert.equal((await caller.response()).body.toString(), '/0');
    assert.deepEqual(
      (await next).exchanges.map(({ head }) => head.target),
      [`/${MOST}`],
    );
  });

  it('are all answered, in their order, however many there are', async () => {
    const count = 2_000;
    const caller = fixture.call(Array.from({ length: count }, (_, at) => get(at)).join(''));
    const served = serve(count);
    for (let at = 0; at < count; at += 1) {
      assert.equal((await caller.response()).body.toString(), `/${at}`);
    }
    assert.ok((await served) <= MOST);
  }).timeout(20_000);

  it('keep their bodies, each its own', async () => {
    const bodies = Array.from({ length: 40 }, (_, at) => String(at).repeat(at * 100));
    const caller = fixture.call(bodies.map((body, at) => post(at, body)).join(''));
    for (let taken = 0; taken < bodies.length;) {
      for (const one of (await agent.poll()).exchanges) {
        assert.equal(one.head.target, `/${taken}`);
        assert.equal(one.body.toString(), bodies[taken]);
        taken += 1;
        await answer(one);
        await caller.response();
      }
    }
  });

  for (const tls of [undefined, FIRST])
    it(`are not read on while those before them wait, bodies or not, ${tls === undefined ? 'plainly' : 'over TLS'}`, async () => {
      if (tls !== undefined) {
        await fixture.stop();
        fixture = await new Fixture(LIMITS, { tls }).start();
        agent = await fixture.agent();
      }
      const caller = fixture.call(post('first', 'x').repeat(MOST));
      const { exchanges } = await agent.poll();
      assert.equal(exchanges.length, MOST);
      // More than the sockets on the way take by themselves.
      const flood = Buffer.from(post('more', 'y'.repeat(60_000)).repeat(500), 'latin1');
      const sent = new Promise((resolve) => caller.socket.write(flood, resolve));
      for (const taken of exchanges.slice(0, 2)) {
        await answer(taken);
        await caller.response();
      }
      assert.equal((await agent.poll({ capacity: 1 })).exchanges.length, 1);
      assert.equal(await stillWaits(sent, 500), true);
    });

  it('are all answered if FIN follows them at once', async () => {
    const count = 3 * MOST;
    const caller = fixture.call('', true);
    caller.socket.end(Array.from({ length: count }, (_, at) => get(at)).join(''));
    const served = serve(count);
    for (let at = 0; at < count; at += 1) {
      assert.equal((await caller.response()).body.toString(), `/${at}`);
    }
    await served;
    await within(caller.closed, 'the end of the connection');
  });

  it('of one connection take no places of others', async () => {
    await fixture.stop();
    fixture = await new Fixture({ maxPipelined: 2, maxInFlight: 4, agentGrace: 36_000 }).start();
    agent = await fixture.agent();
    fixture.call(get('many').repeat(1_000));
    assert.equal((await agent.poll()).exchanges.length, 2);
    const other = fixture.get('other');
    const taken = await agent.take();
    assert.equal(taken.head.target, '/other');
    await answer(taken);
    assert.equal((await other.response()).status, 200);
  });

  it('leave the way to a WebSocket open once they are answered', async () => {
    const count = 2 * MOST;
    const caller = fixture.call(get('x').repeat(count));
    await serve(count);
    for (let at = 0; at < count; at += 1) await caller.response();
    caller.send(
      'GET /forward/orders/ws HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const { head } = await agent.take();
    assert.deepEqual(head.body, { kind: 'upgrade' });
    const reply = agent.open('POST', '/agent/reply');
    reply.write(
      records(encodeResponseStart({ id: head.id, status: 101, reason: 'Switching', fields: [] })),
    );
    const response = await caller.response();
    assert.equal(response.status, 101);
    assert.equal(field(response.fields, 'Upgrade'), 'websocket');
  });
});
