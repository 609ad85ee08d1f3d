import { AGENT_PATHS, encodeAbort } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { exchange, freshId, records } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { turns, until } from './support/wait.ts';

describe('an exchange whose body the proxy breaks off', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture().start();
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });
  afterEach(() => fixture.stop());

  it('is cancelled, although the notice is still on its way, and no reply is sent', async () => {
    let closed = false;
    let heard = false;
    fixture.onTarget = (request) => {
      request.on('error', () => undefined);
      request.on('close', () => (closed = true));
      request.once('data', () => (heard = true));
    };
    const id = freshId();
    const { response } = await fixture.proxy.poll();
    const body = { kind: 'stream', length: undefined } as const;
    response.end(records(exchange(id, { method: 'POST', body })));
    const fetched = await fixture.proxy.next(AGENT_PATHS.body + id);
    fetched.response.write(records('\x22\0\0\0\x04half'));
    await until(() => heard, 'the first half');
    fetched.response.end(Buffer.from(encodeAbort('the caller broke off'), 'latin1'));
    await until(() => closed, 'the end of the target’s connection');
    await until(() => fixture.events.some(({ type }) => type === 'ended'), 'the end');
    const end = fixture.events.at(-1);
    assert.deepEqual(end?.type === 'ended' && end.outcome, {
      kind: 'cancelled',
      reason: 'caller_gone',
    });
    await turns(5);
    assert.ok(!fixture.proxy.asked.some(({ path }) => path === AGENT_PATHS.reply));
  });
});
