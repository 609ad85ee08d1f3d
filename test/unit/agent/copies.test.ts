import { AGENT_PATHS, encodeAbort, encodeEnd, RECORD } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import type { ExchangeOutcome } from '../../../src/agent/index.ts';
import { exchange, freshId, readRecords, records } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { turns, until } from './support/wait.ts';

describe('a copy of an exchange', () => {
  let fixture: Fixture;
  const id = freshId();

  beforeEach(async () => {
    fixture = await new Fixture().start();
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });
  afterEach(() => fixture.stop());

  async function outcome(): Promise<ExchangeOutcome> {
    await until(() => fixture.events.some(({ type }) => type === 'ended'), 'the end');
    const [end] = fixture.events.filter((event) => event.type === 'ended');
    assert.ok(end !== undefined);
    return end.outcome;
  }

  async function give(...more: Parameters<typeof exchange>[1][]): Promise<void> {
    const poll = await fixture.proxy.poll();
    poll.response.end(records(exchange(id, { copy: true, ...more[0] })));
  }

  function replies(): number {
    return fixture.proxy.asked.filter(({ path }) => path === AGENT_PATHS.reply).length;
  }

  it('reaches the target, and no reply is sent', async () => {
    let calls = 0;
    fixture.onTarget = (_request, response) => {
      calls += 1;
      response.end('x'.repeat(200_000));
    };
    await give();
    assert.deepEqual(await outcome(), { kind: 'copied' });
    await turns(5);
    assert.deepEqual([calls, replies(), fixture.agent.inHand], [1, 0, 0]);
  });

  it('whose target gives no answer has failed, and the proxy need not know', async () => {
    fixture.onTarget = (request) => request.socket.destroy();
    await give();
    const end = await outcome();
    assert.equal(end.kind, 'failed');
    await turns(5);
    assert.equal(replies(), 0);
  });

  it('may have a body that is fetched', async () => {
    await give({ method: 'POST', body: { kind: 'stream', length: undefined } });
    const fetched = await fixture.proxy.next(AGENT_PATHS.body + id);
    fetched.response.end(records(encodeEnd([])));
    assert.deepEqual(await outcome(), { kind: 'copied' });
  });

  it('whose body breaks off has failed, and the proxy is told', async () => {
    fixture.onTarget = (request) => void request.resume();
    await give({ method: 'POST', body: { kind: 'stream', length: undefined } });
    const fetched = await fixture.proxy.next(AGENT_PATHS.body + id);
    fetched.response.end(records(encodeAbort('this agent fell behind')));
    const reply = await fixture.proxy.next(AGENT_PATHS.reply);
    assert.deepEqual(
      readRecords(reply.body).map(({ type }) => type),
      [RECORD.failure],
    );
    reply.response.end(records());
    const end = await outcome();
    assert.ok(end.kind === 'failed');
    assert.match(end.detail, /this agent fell behind/);
  });
});
