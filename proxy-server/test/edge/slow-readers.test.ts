import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  encodeInformation,
  encodeResponse,
  encodeResponseStart,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { Fixture } from '../support/fixture.ts';
import { gather, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until } from '../support/wait.ts';

const PIECE = 256 * 1024;

function data(): Buffer {
  return Buffer.concat([
    Buffer.from(recordHeader(RECORD.data, PIECE), 'latin1'),
    randomBytes(PIECE),
  ]);
}

describe('a caller that does not read its answer', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({
      agentGrace: 36_000,
      maxTimeoutResponse: 120,
      writeIdleTimeout: 60,
    }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  /** A reply in pieces to a caller that reads nothing, until no more of it is taken. */
  async function stalled() {
    const caller = fixture.get();
    caller.socket.pause();
    const { head } = await agent.take();
    const reply = agent.open('POST', '/agent/reply');
    const answer = gather(reply);
    const start = encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields: [] });
    reply.write(Buffer.from(`\x01${start}`, 'latin1'));
    let taken = 0;
    const pump = async (): Promise<void> => {
      while (!reply.destroyed) {
        if (!reply.write(data())) await new Promise((resolve) => reply.once('drain', resolve));
        taken += 1;
      }
    };
    void pump();
    let before = -1;
    for (let still = 0; still < 20; still = taken === before ? still + 1 : 0) {
      before = taken;
      await stillWaits(new Promise(() => undefined), 20);
    }
    return { caller, id: head.id, reply, answer };
  }

  it('for the idle time is broken off, and the agent told', async () => {
    const { id, reply } = await stalled();
    const notice = agent.poll({ capacity: 0, wait: 1_000 });
    fixture.clock.advance(59_000);
    assert.equal(await stillWaits(notice, 20), true);
    fixture.clock.advance(2_000);
    const { cancelled } = await notice;
    assert.deepEqual(cancelled, [{ id, reason: 'caller_gone' }]);
    reply.destroy();
  });

  it('but goes on before the idle time is over keeps its answer', async () => {
    const { caller, reply } = await stalled();
    fixture.clock.advance(59_000);
    const before = caller.rest.length;
    caller.socket.resume();
    await until(() => caller.rest.length > before + 4 * PIECE, 'more of the answer');
    fixture.clock.advance(59_000);
    const later = caller.rest.length;
    await until(() => caller.rest.length > later + 4 * PIECE, 'still more of the answer');
    reply.destroy();
  });

  it('does not have early hints kept for it without end', async () => {
    const caller = fixture.get();
    caller.socket.pause();
    const { head } = await agent.take();
    const link = `<${'a'.repeat(100_000)}>`;
    const fields = ['Link', link];
    const hint = encodeInformation({ id: head.id, status: 103, reason: '', fields });
    const hints = 300;
    const answer = encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, 2);
    await agent.reply(...Array.from({ length: hints }, () => hint), answer, 'ok');
    caller.socket.resume();
    let passed = 0;
    let response = await caller.response();
    for (; response.status === 103; response = await caller.response()) passed += 1;
    assert.equal(response.status, 200);
    assert.ok(passed > 0 && passed < hints, `${passed} of ${hints}`);
  });

  it('does not lose an answer that waits behind another one', async () => {
    const GET = 'GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n\r\n';
    const caller = fixture.call(GET + GET);
    const { exchanges } = await agent.poll();
    const [first, second] = exchanges.map(({ head }) => head.id);
    assert.ok(first !== undefined && second !== undefined);
    const whole = (id: string, body: string): Promise<unknown> =>
      agent.reply(encodeResponse({ id, status: 200, reason: 'OK', fields: [] }, body.length), body);
    await whole(second, 'second');
    fixture.clock.advance(61_000);
    await whole(first, 'first');
    assert.equal((await caller.response()).body.toString(), 'first');
    assert.equal((await caller.response()).body.toString(), 'second');
  });
});
