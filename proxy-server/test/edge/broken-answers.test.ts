import assert from 'node:assert/strict';
import { encodeEnd, encodeResponseStart, RECORD, recordHeader } from '../../src/protocol/index.ts';
import { field, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { records, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

/** How a connection ends for its caller. */
async function endOf(caller: RawCaller): Promise<string> {
  let end = 'a close';
  caller.socket.once('error', (error: NodeJS.ErrnoException) => {
    end = String(error.code);
  });
  await within(caller.closed, 'the end of the connection');
  return end;
}

describe('an answer that breaks off', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 36_000, writeIdleTimeout: 60 }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  /** An answer whose first bytes are there, and the agent's request that brings it. */
  async function begun(request: string, fields: readonly string[] = [], part = 'half') {
    const caller = fixture.call(`${request}\r\n\r\n`);
    const { head } = await agent.take();
    const reply = agent.open('POST', '/agent/reply');
    reply.write(records(encodeResponseStart({ id: head.id, status: 200, reason: 'OK', fields })));
    reply.write(records(`${recordHeader(RECORD.data, part.length)}${part}`).subarray(1));
    return { caller, reply };
  }

  const OLD = 'GET /forward/orders/ HTTP/1.0';

  it('resets the connection whose end would be the end of the answer', async () => {
    const { caller, reply } = await begun(OLD);
    await until(() => caller.rest.includes('half'), 'the first half');
    reply.destroy();
    assert.equal(await endOf(caller), 'ECONNRESET');
  });

  for (const [what, request, fields] of [
    ['in chunks', 'GET /forward/orders/ HTTP/1.1\r\nHost: p', []],
    ['of a known length', OLD, ['Content-Length', '9']],
  ] as const) {
    it(`closes it where the answer is one ${what}: its end is missing, and nothing else`, async () => {
      const { caller, reply } = await begun(request, fields);
      await until(() => caller.rest.includes('half'), 'the first half');
      reply.destroy();
      assert.equal(await endOf(caller), 'a close');
    });
  }

  it('resets it where the caller itself was too slow', async () => {
    const { caller, reply } = await begun(OLD);
    await until(() => caller.rest.includes('half'), 'the first half');
    caller.socket.pause();
    const piece = 256 * 1024;
    let taken = 0;
    const pump = async (): Promise<void> => {
      while (!reply.destroyed) {
        const record = [
          Buffer.from(recordHeader(RECORD.data, piece), 'latin1'),
          Buffer.alloc(piece),
        ];
        if (!reply.write(Buffer.concat(record)))
          await new Promise((resolve) => reply.once('drain', resolve));
        taken += 1;
      }
    };
    void pump();
    let before = -1;
    for (let still = 0; still < 20; still = taken === before ? still + 1 : 0) {
      before = taken;
      await stillWaits(new Promise(() => undefined), 20);
    }
    fixture.clock.advance(60_000);
    await fixture.settled();
    // What has arrived can still be read, and libuv calls it the end; who writes is told.
    const failure = new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
      caller.socket.write('x', resolve);
    });
    assert.equal((await within(failure, 'the write'))?.code, 'ECONNRESET');
  });

  it('has no chunks for a caller in HTTP/1.0, whatever that says to know', async () => {
    const { caller, reply } = await begun(`${OLD}\r\nTE: chunked`);
    reply.end(Buffer.from(encodeEnd([]), 'latin1'));
    const answer = await caller.response();
    assert.equal(field(answer.fields, 'Transfer-Encoding'), undefined);
    assert.equal(answer.body.toString(), 'half');
  });
});
