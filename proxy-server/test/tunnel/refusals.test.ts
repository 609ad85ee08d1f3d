import assert from 'node:assert/strict';
import { encodeResponse } from '../../src/protocol/index.ts';
import { field, problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import type { TestAgent } from '../support/test-agent.ts';

describe('a request that cannot be served', () => {
  let fixture: Fixture;
  afterEach(() => fixture.stop());

  async function refusal(caller: RawCaller, status: number, code: string, retryAfter?: string) {
    const response = await caller.response();
    assert.equal(response.status, status);
    assert.equal(problemCode(response), code);
    assert.equal(field(response.fields, 'Retry-After'), retryAfter);
    assert.equal(field(response.fields, 'Cache-Control'), 'no-store');
  }

  it('waits for an agent to come, then fails as no_agent', async () => {
    fixture = await new Fixture({ agentWait: 7 }).start();
    const caller = fixture.get();
    const began = fixture.clock.monotonic();
    await fixture.clock.advanceUntil(refusal(caller, 503, 'no_agent', '7'));
    assert.ok(fixture.clock.monotonic() - began >= 7_000);
  });

  it('is served after all if an agent comes while it waits', async () => {
    fixture = await new Fixture({ agentWait: 5, agentGrace: 3600 }).start();
    const caller = fixture.get('early');
    await fixture.settled();
    fixture.clock.advance(4_900);
    const agent = await fixture.agent();
    fixture.clock.advance(60_000);
    const { head } = await agent.take();
    await agent.reply(encodeResponse({ id: head.id, status: 200, reason: '', fields: [] }, 0));
    assert.equal((await caller.response()).status, 200);
  });

  it('is 429 when as many wait as may, and the next is taken when one has gone', async () => {
    fixture = await new Fixture({ buffer: 2, agentGrace: 3600 }).start();
    const agent = await fixture.agent();
    for (const path of ['a', 'b']) {
      fixture.get(path);
      await fixture.settled();
    }
    await refusal(fixture.get('c'), 429, 'too_many_waiting', '1');
    assert.equal((await agent.take()).head.target, '/a');
    fixture.get('d');
    await fixture.settled();
    const { exchanges } = await agent.poll();
    assert.deepEqual(
      exchanges.map(({ head }) => head.target),
      ['/b', '/d'],
    );
  });

  it('is taken again when one that waited has left', async () => {
    fixture = await new Fixture({ buffer: 1 }).start();
    const caller = fixture.get('a');
    await fixture.settled();
    fixture.leave(caller);
    await caller.closed;
    await fixture.settled();
    const next = fixture.get('b');
    await fixture.settled();
    const agent = await fixture.agent();
    const { exchanges } = await agent.poll();
    assert.deepEqual(
      exchanges.map(({ head }) => head.target),
      ['/b'],
    );
    next.destroy();
  });

  it('is 429 when as many of its code are in flight as may, whoever has them', async () => {
    fixture = await new Fixture({ maxInFlightPerCode: 2 }).start();
    const agent = await fixture.agent();
    const first = fixture.get('a');
    const { head } = await agent.take();
    fixture.get('b');
    await fixture.settled();
    await refusal(fixture.get('c'), 429, 'too_many_in_flight', '1');
    const elsewhere = await fixture.agent({ code: 'elsewhere' });
    fixture.call('GET /forward/elsewhere/ HTTP/1.1\r\nHost: p\r\n\r\n');
    assert.equal((await elsewhere.take()).head.target, '/');
    await agent.reply(encodeResponse({ id: head.id, status: 200, reason: '', fields: [] }, 0));
    await first.response();
    fixture.get('d');
    assert.deepEqual(await targets(agent, 2), ['/b', '/d']);
  });

  it('is 503 when as many are in flight as may, all codes together', async () => {
    fixture = await new Fixture({ maxInFlight: 2 }).start();
    const caller = fixture.get('a');
    fixture.call('GET /forward/other/ HTTP/1.1\r\nHost: p\r\n\r\n');
    await fixture.settled();
    await refusal(fixture.get('b'), 503, 'busy', '1');
    fixture.leave(caller);
    await caller.closed;
    await fixture.settled();
    const agent = await fixture.agent();
    fixture.get('c');
    assert.equal((await agent.take()).head.target, '/c');
  });

  it('has no body when it is a HEAD', async () => {
    fixture = await new Fixture().start();
    const caller = fixture.call('HEAD / HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n');
    const response = await caller.response('HEAD');
    await caller.closed;
    assert.equal(response.status, 404);
    assert.equal(caller.rest.length, 0);
  });

  async function targets(agent: TestAgent, count: number): Promise<string[]> {
    const seen: string[] = [];
    while (seen.length < count) {
      seen.push(...(await agent.poll()).exchanges.map(({ head }) => head.target));
    }
    return seen;
  }
});
