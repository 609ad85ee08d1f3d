import { AGENT_PATHS, decodeFailure } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { exchange, FakeProxy, freshId, readRecords, records } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { until } from './support/wait.ts';

describe('an agent whose target is not there', () => {
  it('tells the proxy when the target cannot be reached', async () => {
    const other = new Fixture();
    await other.start({ target: 'http://127.0.0.1:1', maxAttempts: 1 });
    await other.proxy.welcome();
    const id = freshId();
    (await other.proxy.poll()).response.end(records(exchange(id)));
    const asked = await other.proxy.next(AGENT_PATHS.reply);
    const [record] = readRecords(asked.body);
    const failure = decodeFailure(record?.payload ?? Buffer.alloc(0));
    await other.stop();
    assert.equal(failure.id, id);
    assert.equal(failure.code, 'target_unreachable');
    assert.equal(failure.detail, 'http://127.0.0.1:1: connection refused');
  });

  it('tries a target that refuses as often as it may, with pauses', async () => {
    const other = new Fixture();
    await other.start({ target: 'http://127.0.0.1:1', maxAttempts: 3 });
    await other.proxy.welcome();
    (await other.proxy.poll()).response.end(records(exchange(freshId())));
    const pauses = (): number[] =>
      other.events.flatMap((event) => (event.type === 'attempt-failed' ? [event.pauseMs] : []));
    for (const [at, pause] of [100, 200].entries()) {
      await until(() => pauses().length === at + 1, `failure ${at + 1}`);
      other.clock.advance(pause);
    }
    const [record] = readRecords((await other.proxy.next(AGENT_PATHS.reply)).body);
    const { detail } = decodeFailure(record?.payload ?? Buffer.alloc(0));
    await other.stop();
    assert.deepEqual(pauses(), [100, 200]);
    assert.match(detail, /after 3 attempts$/);
  });

  it('says first how often it tried, and then what to do', async () => {
    const plain = new FakeProxy();
    const target = (await plain.listen()).replace('http:', 'https:');
    const other = new Fixture();
    await other.start({ target, maxAttempts: 2 });
    await other.proxy.welcome();
    (await other.proxy.poll()).response.end(records(exchange(freshId())));
    await until(() => other.events.some(({ type }) => type === 'attempt-failed'), 'a failure');
    other.clock.advance(100);
    const [record] = readRecords((await other.proxy.next(AGENT_PATHS.reply)).body);
    const { detail } = decodeFailure(record?.payload ?? Buffer.alloc(0));
    await Promise.all([other.stop(), plain.close()]);
    const expected = 'TLS failed: wrong version number after 2 attempts; whatever listens there';
    assert.ok(detail.startsWith(`${target}: ${expected} does not speak TLS`), detail);
  });
});
