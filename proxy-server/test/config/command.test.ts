import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { listenProblem } from '../../src/listen.ts';
import { tame } from '../../src/log.ts';
import { SECRET } from './sources.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Starts the command as a program of its own, with nothing of Caronte's in its environment. */
function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CARONTE_'));
  return fork(MAIN, args, {
    env: { ...Object.fromEntries(inherited), ...env },
    execArgv: ['--import=tsx', '--conditions=caronte-source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** Waits for the end of a program. */
async function finished(child: ChildProcess) {
  assert(child.stdout !== null && child.stderr !== null);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { out, err, code };
}

describe('the command of the proxy', function () {
  this.timeout(20_000);

  it('ends with 2 and one line on a wrong configuration', async () => {
    const { out, err, code } = await finished(start(['--port', '70000', '--secret', SECRET]));
    assert.equal(err, 'error: --port: 70000 is not a whole number from 0 to 65535\n');
    assert.deepEqual([out, code], ['', 2]);
  });

  it('ends with 2 on a flag that does not exist, and names the nearest', async () => {
    const { err, code } = await finished(start(['--prot', '1']));
    assert.match(err, /unknown option '--prot'\n.*--port/);
    assert.equal(code, 2);
  });

  it('prints the configuration that it would run with', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caronte-'));
    try {
      await writeFile(join(folder, 'secret'), `${SECRET}\n`);
      await writeFile(join(folder, 'c.json'), '{"secretFile": "secret", "port": 81}');
      const args = ['--config', join(folder, 'c.json'), '--print-config'];
      const { out, err, code } = await finished(start(args, { CARONTE_HOST: '::1' }));
      const printed = JSON.parse(out) as Record<string, unknown>;
      assert.deepEqual(printed['port'], { value: 81, from: 'file' });
      assert.deepEqual(printed['host'], { value: '::1', from: 'environment' });
      assert.deepEqual(printed['secret'], { value: ['(hidden)'], from: 'file' });
      assert.deepEqual([err, code], ['', 0]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells its parent where it listens, and ends with 0 when the parent goes', async () => {
    const child = start(['--port', '0', '--host', '127.0.0.1'], { CARONTE_SECRET: SECRET });
    const end = finished(child);
    const [message] = (await once(child, 'message')) as [{ type: string; url: string }];
    assert.equal(message.type, 'listening');
    assert.match(message.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await fetch(message.url)).status, 404);
    child.disconnect();
    const { out, err, code } = await end;
    assert.deepEqual([err, code], ['', 0]);
    const lines = out.trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { msg: string }).msg.split(':')[0]),
      ['listening', 'callers use', 'shutting down', 'stopped'],
    );
  });

  it('ends with 1 and advice if its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const args = ['--port', String(port), '--host', '127.0.0.1'];
      const { err, code } = await finished(start(args, { CARONTE_SECRET: SECRET }));
      assert.equal(
        err,
        `error: 127.0.0.1:${port} is taken by another program: stop that one, or choose another port with --port\n`,
      );
      assert.equal(code, 1);
    } finally {
      other.close();
    }
  });
});

describe('what a server says that cannot listen', () => {
  for (const [code, expected] of [
    ['EACCES', /^this user may not listen on \[::1\]:80: .*--port$/],
    ['EADDRNOTAVAIL', /^::1 is not an address of this machine: .*--host$/],
    ['ENOTFOUND', /^::1 is not a name that this machine knows: .*--host$/],
    ['EOTHER', /^cannot listen on \[::1\]:80: it broke$/],
  ] as const) {
    it(`names the place and the way out for ${code}`, () => {
      const error = Object.assign(new Error('it broke'), { code });
      assert.match(listenProblem(error, '::1', 80), expected);
    });
  }
});

describe('a log line for a terminal', () => {
  it('keeps colours, tabs and line ends', () => {
    const line = '\u001b[32mINFO\u001b[39m\tready\n';
    assert.equal(tame(line), line);
  });

  it('lets nothing else through that a terminal would act on', () => {
    assert.equal(
      tame('\u001b]0;x\u0007 \u001b[2J \u009b1A \r\u202e'),
      '\\u001b]0;x\\u0007 \\u001b[2J \\u009b1A \\u000d\\u202e',
    );
  });
});
