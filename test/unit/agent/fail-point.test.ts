import { AGENT_PATHS, RECORD } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFailPoint } from '../../../src/agent/fail-point.ts';
import { start } from '../cli/program.ts';
import { acknowledged, exchange, FakeProxy, freshId, records } from './support/fake-proxy.ts';
import { until } from './support/wait.ts';

describe('a fail point', () => {
  for (const [text, wanted, nth] of [
    ['mid_reply', 'mid_reply', 1],
    ['mid_reply:3', 'mid_reply', 3],
    ['', '', 1],
    ['mid_reply:x', '', 1],
  ] as const) {
    it(`reads "${text}" as the ${nth}. time at "${wanted}"`, () => {
      assert.deepEqual(readFailPoint(text), { wanted, nth });
    });
  }
});

describe('an agent that is to be killed', function () {
  this.timeout(20_000);

  let proxy: FakeProxy;
  let target: Server;
  let targetCalls: string[];
  let child: ChildProcess | undefined;
  let gone: Promise<unknown[]>;

  beforeEach(async () => {
    proxy = new FakeProxy();
    targetCalls = [];
    target = createServer((request, response) => {
      targetCalls.push(request.url ?? '');
      // More than travels whole.
      response.end(request.url === '/large' ? 'x'.repeat(100_000) : 'ok');
    });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await proxy.close();
    target.closeAllConnections();
    target.close();
  });

  /** Starts `caronte agent` with a fail point; resolves once it is live. */
  async function run(failPoint: string): Promise<void> {
    const { port } = target.address() as AddressInfo;
    const args = ['agent', '--code', 'orders', '--target-port', String(port), '--send-reply'];
    child = start([...args, '--proxy-url', await proxy.listen()], {
      CARONTE_SECRET: 'a secret of the tests',
      CARONTE_FAIL_POINT: failPoint,
    });
    gone = once(child, 'exit');
    const live = once(child, 'message');
    await until(() => proxy.asked.length > 0, 'the hello', 15_000);
    await proxy.welcome();
    await live;
  }

  async function give(...exchanges: readonly string[]): Promise<void> {
    (await proxy.poll()).response.end(records(...exchanges));
  }

  /** What was asked of the proxy, open or not. */
  const asked = (path: string) => proxy.asked.filter((asked) => asked.path === path);

  it('after it acknowledged has told the proxy, and has not called the target', async () => {
    const [first, second, third] = [freshId(), freshId(), freshId()];
    await run('acknowledged_before_target:2');
    await give(
      exchange(first, { target: '/1' }),
      exchange(second, { target: '/2' }),
      exchange(third, { target: '/3' }),
    );
    assert.deepEqual(await gone, [null, 'SIGKILL']);
    const told = asked(AGENT_PATHS.poll).flatMap(acknowledged);
    assert.deepEqual(told, [first, second, third]);
    assert.deepEqual(targetCalls, ['/1']);
  });

  it('after the target answered has sent no reply', async () => {
    await run('target_answered_before_reply');
    await give(exchange(freshId()));
    assert.deepEqual(await gone, [null, 'SIGKILL']);
    assert.deepEqual(targetCalls, ['/']);
    assert.deepEqual(asked(AGENT_PATHS.reply), []);
  });

  it('in the middle of a reply has sent its beginning, and no end', async () => {
    const seen = proxy.pieces(AGENT_PATHS.reply);
    await run('mid_reply');
    await give(exchange(freshId(), { target: '/large' }));
    assert.deepEqual(await gone, [null, 'SIGKILL']);
    const bytes = Buffer.concat(seen);
    assert.equal(bytes[1], RECORD.responseStart);
    assert.ok(bytes.includes('x'));
    assert.ok(bytes.length < 100_000, String(bytes.length));
  });
});
