import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/extension/proxy/free-port.ts';
import { endsWithin } from '../../../src/extension/base/within.ts';
import { LocalProxy, STOP_MS } from '../../../src/extension/proxy/local-proxy.ts';
import { queueFolder } from '../../../src/extension/proxy/queue-folder.ts';
import { memoryLog } from './history-helpers.ts';

/** Listens as the real one does, and says in its answers what it was started with. */
const PROGRAM = `
import { createServer } from 'node:http';
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
const server = createServer((_, response) => response.end(JSON.stringify({
  arguments: process.argv.slice(2), secret: process.env.CARONTE_SECRET,
  electron: process.env.ELECTRON_RUN_AS_NODE, foreign: process.env.CARONTE_PORT ?? '', pid: process.pid,
})));
server.listen(port, '127.0.0.1', () => process.send({ type: 'listening', url: 'http://127.0.0.1:' + port + '/' }));
process.on('disconnect', () => process.exit(0));
`;

describe('the local proxy', function () {
  this.timeout(10_000);
  let folder: string;
  let proxy: LocalProxy;

  async function programOf(text: string): Promise<string> {
    const program = join(folder, 'program.mjs');
    await writeFile(program, text);
    return program;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-local-'));
  });
  afterEach(async () => {
    await proxy.stop();
    await rm(folder, { recursive: true });
  });

  it('runs on loopback with a secret of its own, and ends when it is stopped', async () => {
    process.env['CARONTE_PORT'] = '1';
    proxy = new LocalProxy({
      program: await programOf(PROGRAM),
      dataDir: undefined,
      log: memoryLog(),
    });
    const port = await freePort(0);
    const state = await proxy.start(port);
    delete process.env['CARONTE_PORT'];
    assert.ok(state.kind === 'running');
    assert.equal(state.url, `http://127.0.0.1:${port}`);
    const said = (await (await fetch(state.url)).json()) as Record<string, unknown>;
    assert.deepEqual(said['arguments'], ['proxy', '--host', '127.0.0.1', '--port', String(port)]);
    assert.equal(said['secret'], proxy.secretFor(state.url));
    assert.ok(String(said['secret']).length >= 32);
    assert.equal(said['electron'], '1');
    assert.equal(said['foreign'], '');
    assert.equal(proxy.secretFor('http://127.0.0.1:1'), undefined);
    await proxy.stop();
    assert.equal(proxy.state.kind, 'off');
    assert.throws(() => process.kill(Number(said['pid']), 0));
  });

  it('keeps requests in a folder of its own, if it has one', async () => {
    const dataDir = join(folder, 'data');
    proxy = new LocalProxy({ program: await programOf(PROGRAM), dataDir, log: memoryLog() });
    const state = await proxy.start(await freePort(0));
    assert.ok(state.kind === 'running');
    const said = (await (await fetch(state.url)).json()) as { arguments: string[] };
    const at = said.arguments.indexOf('--data-dir');
    assert.equal(said.arguments[at + 1], dataDir);
  });

  it('starts once, however often it is asked', async () => {
    proxy = new LocalProxy({
      program: await programOf(PROGRAM),
      dataDir: undefined,
      log: memoryLog(),
    });
    const port = await freePort(0);
    const states = await Promise.all([proxy.start(port), proxy.start(port)]);
    assert.equal(states[0], states[1]);
    assert.equal(await proxy.start(), states[0]);
  });

  it('tells the last line of a program that does not come up', async () => {
    const program = await programOf(
      'console.error("first"); console.error("no luck"); process.exit(3)',
    );
    proxy = new LocalProxy({ program, dataDir: undefined, log: memoryLog() });
    assert.deepEqual(await proxy.start(await freePort(0)), { kind: 'failed', detail: 'no luck' });
    assert.deepEqual(proxy.state, { kind: 'failed', detail: 'no luck' });
  });

  it('says so when it ends by itself, and can be started again', async () => {
    const log = memoryLog();
    proxy = new LocalProxy({ program: await programOf(PROGRAM), dataDir: undefined, log });
    const state = await proxy.start(await freePort(0));
    assert.ok(state.kind === 'running');
    const { pid } = (await (await fetch(state.url)).json()) as { pid: number };
    const failed = new Promise<void>((resolve) => {
      proxy.changed.on(({ kind }) => {
        if (kind === 'failed') resolve();
      });
    });
    process.kill(pid, 'SIGKILL');
    await failed;
    assert.equal(log.lines.length, 1);
    assert.equal((await proxy.start(await freePort(0))).kind, 'running');
  });
});

describe('a local proxy that does not want to end', function () {
  this.timeout(10_000);
  /** What window closing leaves for it, in milliseconds; its process is killed then. */
  const CLOSE_MS = 1_750;
  const STUBBORN = PROGRAM.replace('process.exit(0)', '0') + "process.on('SIGTERM', () => 0);";
  let folder: string;
  let proxy: LocalProxy;
  let pid: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-local-'));
    const program = join(folder, 'program.mjs');
    await writeFile(program, STUBBORN);
    proxy = new LocalProxy({ program, dataDir: undefined, log: memoryLog() });
    const state = await proxy.start(await freePort(0));
    assert.ok(state.kind === 'running');
    ({ pid } = (await (await fetch(state.url)).json()) as { pid: number });
  });
  afterEach(async () => {
    await proxy.stop();
    await rm(folder, { recursive: true });
  });

  it('is killed although it is being stopped', async () => {
    const stopped = proxy.stop();
    proxy.kill();
    assert.ok(await endsWithin(stopped, STOP_MS.channel / 2));
    assert.throws(() => process.kill(pid, 0));
  });

  it('is waited for by each who stops it', async () => {
    const first = proxy.stop();
    const second = proxy.stop();
    await second;
    assert.throws(() => process.kill(pid, 0));
    await first;
  });

  it('has been killed before the window that closes stops to wait', async () => {
    assert.ok(STOP_MS.channel + STOP_MS.signal < CLOSE_MS);
    assert.ok(await endsWithin(proxy.stop(), CLOSE_MS));
    assert.throws(() => process.kill(pid, 0));
  });
});

describe('the folder of the local proxy’s queue', () => {
  it('is in the storage of the workspace, if there is one and Node has a database', () => {
    assert.equal(queueFolder('/storage', true), join('/storage', 'local-proxy'));
    assert.equal(queueFolder(undefined, true), undefined);
    assert.equal(queueFolder('/storage', false), undefined);
  });
});

describe('a free port', () => {
  it('is the preferred one if that is free, else another', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const other = await freePort(taken);
    assert.notEqual(other, taken);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await freePort(taken), taken);
  });
});
