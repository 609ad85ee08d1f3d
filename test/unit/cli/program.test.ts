import { AGENT_PATHS } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { FakeProxy } from '../agent/support/fake-proxy.ts';
import { until } from '../agent/support/wait.ts';
import { finished, message, start } from './program.ts';

const SECRET = { CARONTE_SECRET: 'a secret of 24 letters..' };

describe('the command line', function () {
  this.timeout(20_000);

  it('shows help and its version', async () => {
    const [help, version, none] = await Promise.all([
      finished(start(['--help'])),
      finished(start(['--version'])),
      finished(start([])),
    ]);
    for (const command of ['agent', 'proxy', 'queue', 'echo'])
      assert.match(help.out, new RegExp(command));
    assert.equal(help.code, 0);
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
    assert.equal(version.code, 0);
    assert.match(none.err, /^Usage: caronte/);
    assert.equal(none.code, 2);
  });

  for (const [what, args, expected] of [
    ['a command that does not exist', ['agnet'], /unknown command 'agnet'\n.*agent/],
    [
      'a flag that does not exist',
      ['agent', '--targt-port', '1'],
      /--targt-port'\n.*--target-port/,
    ],
    ['a flag without its value', ['echo', '--port'], /argument missing/],
    ['an argument too many', ['proxy', 'now'], /too many arguments/],
    ['an agent without code', ['agent'], /^error: no code: .*\n$/],
    ['an echo with a wrong delay', ['echo', '--delay', 'x'], /^error: --delay: "x" is not .*\n$/],
    ['a proxy with a wrong port', ['proxy', '--port', 'x'], /^error: --port: "x" is not .*\n$/],
  ] as const) {
    it(`ends with 2 and a clear word for ${what}`, async () => {
      const { out, err, code } = await finished(start(args, SECRET));
      assert.match(err, expected);
      assert.doesNotMatch(err, /\n\s+at /);
      assert.deepEqual([out, code], ['', 2]);
    });
  }

  it('ends with 1 if the echo’s port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const echo = start(['echo', '--host', '127.0.0.1', '--port', String(port)]);
      const { err, code } = await finished(echo);
      assert.match(err, /^error: 127\.0\.0\.1:\d+ is taken by another program: .*--port\n$/);
      assert.equal(code, 1);
    } finally {
      other.close();
    }
  });

  it('carries a request through proxy and agent to the echo and back', async () => {
    const echo = start(['echo', '--host', '127.0.0.1', '--port', '0']);
    const proxy = start(['proxy', '--host', '127.0.0.1', '--port', '0'], SECRET);
    const ends = [finished(echo), finished(proxy)];
    const [{ url: target = '' }, { url: proxyUrl = '' }] = await Promise.all([
      message(echo),
      message(proxy),
    ]);
    const agent = start(
      ['agent', '--code', 'example', '--send-reply', '--proxy-url', proxyUrl, '--target', target],
      SECRET,
    );
    ends.push(finished(agent));
    const { urls } = await message(agent);
    const response = await fetch(`${urls?.[0]}a/b?c`, { method: 'POST', body: 'any data' });
    assert.equal(await response.text(), 'any data');
    assert.equal(response.headers.get('echo-path'), '/a/b?c');

    // A parent that goes away is a shutdown that was asked for.
    for (const child of [agent, proxy, echo]) child.disconnect();
    const [echoed, proxied, agented] = await Promise.all(ends);
    assert.deepEqual([echoed?.code, proxied?.code, agented?.code], [0, 0, 0]);
    assert.match(echoed?.out ?? '', /POST \/a\/b 200 \d+ ms 8 bytes\n/);
    const lines = (agented?.out ?? '').split('\n');
    assert(lines.some((line) => / live at http:.*\/forward\/example\/$/.test(line)));
    assert(lines.some((line) => / POST \/a\/b\?… 200 \d+ ms$/.test(line)));
    // The proxy's word that the reply was delivered may still be on its way.
    assert(lines.some((line) => / stopping(?:: finishing 1 |$)/.test(line)));
    // No terminal: no control codes.
    assert(!agented?.out.includes('\u001b'));
  });

  it('tells what waits, and what was missed, once it is live', async () => {
    const proxy = new FakeProxy();
    const proxyUrl = await proxy.listen();
    const args = ['agent', '--code', 'example', '--offline', 'queue', '--review', '--send-reply'];
    const agent = start([...args, '--proxy-url', proxyUrl], SECRET);
    const end = finished(agent);
    await until(() => proxy.asked.length > 0, 'the hello', 15_000);
    const live = message(agent);
    const { policy } = await proxy.welcome({
      queue: { waiting: 12, dead: 1, oldestAt: Date.now(), paused: true },
      missed: { refused: 3, quota: 0, expired: 0, since: Date.now() },
    });
    assert.deepEqual([policy.offline, policy.queue?.paused], ['queue', true]);
    await live;
    agent.disconnect();
    (await proxy.next(AGENT_PATHS.bye)).response.writeHead(204).end();
    const { out } = await end;
    await proxy.close();
    const lines = out.split('\n').map((line) => line.replace(/\d\d:\d\d:\d\d/g, '…'));
    const at = lines.findIndex((line) => line.startsWith('… live at'));
    assert.deepEqual(lines.slice(at + 1, at + 4), [
      '… 12 webhooks wait since …, paused: caronte queue resume delivers them',
      '… 1 was given up: caronte queue list --state dead',
      '… 3 requests were refused while no agent was there, since …: with --offline queue the proxy keeps them',
    ]);
  });

  it('ends an agent with 1 whose secret is refused, and says what to do', async () => {
    const proxy = start(['proxy', '--host', '127.0.0.1', '--port', '0'], SECRET);
    const proxyEnd = finished(proxy);
    const { url: proxyUrl = '' } = await message(proxy);
    const agent = start(
      ['agent', '--code', 'example', '--proxy-url', proxyUrl, '--log-format', 'json'],
      {
        CARONTE_SECRET: 'another secret, long enough',
      },
    );
    const { out, code } = await finished(agent);
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '') as {
      event: string;
      state: string;
      trouble: { code: string; advice: string };
    };
    assert.deepEqual(
      [last.event, last.state, last.trouble.code],
      ['state', 'stopped', 'secret_refused'],
    );
    assert.match(last.trouble.advice, /secret/);
    assert.equal(code, 1);
    proxy.kill('SIGTERM');
    assert.equal((await proxyEnd).code, 0);
  });
});
