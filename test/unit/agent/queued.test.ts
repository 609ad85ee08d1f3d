import { AGENT_PATHS, encodeAbort, encodeResult, OUTCOME, RECORD } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import type { ExchangeOutcome } from '../../../src/agent/index.ts';
import { type Asked, exchange, freshId, readRecords, records } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { turns, until } from './support/wait.ts';

describe('a request from the queue', () => {
  let fixture: Fixture;
  const id = freshId();
  const queued = freshId();

  beforeEach(async () => {
    fixture = await new Fixture().start({ sendReply: false });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });
  afterEach(() => fixture.stop());

  async function outcome(): Promise<ExchangeOutcome> {
    await until(() => fixture.events.some(({ type }) => type === 'ended'), 'the end');
    const end = fixture.events.find((event) => event.type === 'ended');
    assert.ok(end !== undefined);
    return end.outcome;
  }

  async function give(more: Parameters<typeof exchange>[1] = {}): Promise<void> {
    const poll = await fixture.proxy.poll();
    poll.response.end(records(exchange(id, { queued, attempt: 2, ...more })));
  }

  const types = ({ body }: Asked): number[] => readRecords(body).map(({ type }) => type);

  it('is replied to although the tunnel sends no replies', async () => {
    await give();
    const reply = await fixture.proxy.next(AGENT_PATHS.reply);
    assert.deepEqual(types(reply), [RECORD.response]);
    reply.response.end(records(encodeResult(id, OUTCOME.delivered)));
    assert.deepEqual(await outcome(), { kind: 'replied' });
    const [received] = fixture.events;
    assert.ok(received?.type === 'received');
    assert.deepEqual([received.head.queued, received.head.attempt], [queued, 2]);
  });

  it('is answered by a failure if the target cannot be reached', async () => {
    fixture.onTarget = (request) => request.socket.destroy();
    await give();
    assert.deepEqual(types(await fixture.proxy.next(AGENT_PATHS.reply)), [RECORD.failure]);
  });

  it('is not replied to by who has a copy of it', async () => {
    await give({ copy: true });
    assert.deepEqual(await outcome(), { kind: 'copied' });
    await turns(5);
    assert.equal(
      fixture.proxy.asked.some(({ path }) => path === AGENT_PATHS.reply),
      false,
    );
  });

  it('is undelivered if the proxy does not want the reply any more, and no caller is blamed', async () => {
    await give();
    const reply = await fixture.proxy.next(AGENT_PATHS.reply);
    reply.response.end(records(encodeResult(id, OUTCOME.gone)));
    assert.deepEqual(await outcome(), {
      kind: 'undelivered',
      detail: 'the proxy had given this delivery up',
    });
  });

  it('fails if the proxy cannot give its body, and the proxy is told', async () => {
    fixture.onTarget = (request) => void request.resume();
    await give({ method: 'POST', body: { kind: 'stream', length: undefined } });
    const fetched = await fixture.proxy.next(AGENT_PATHS.body + id);
    fetched.response.end(records(encodeAbort('it cannot be read')));
    const reply = await fixture.proxy.next(AGENT_PATHS.reply);
    assert.deepEqual(types(reply), [RECORD.failure]);
    reply.response.end(records(encodeResult(id, OUTCOME.delivered)));
    assert.equal((await outcome()).kind, 'failed');
  });
});
