import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROXY = fileURLToPath(new URL('../../proxy-server', import.meta.url));
const NPM = ['--no-audit', '--no-fund', '--loglevel=error'];

/** The folder `proxy-server` by itself, as someone who hosts only the proxy would take it. */
describe('the proxy’s package, copied out of the repository', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-proxy-'));
    await cp(PROXY, folder, {
      recursive: true,
      filter: (path) => !/[/\\](?:node_modules|dist|build)$/.test(path),
    });
    await run('npm', ['install', ...NPM], { cwd: folder });
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('builds, and passes its tests', async () => {
    await run('npm', ['run', 'build'], { cwd: folder });
    // Here the question is whether its tests run; the fuzz tests have had all their cases before.
    const env = { ...process.env, FUZZ_CASES: '1000' };
    const { stdout } = await run('npm', ['test'], { cwd: folder, env }).catch((error: unknown) => {
      // Which of its tests failed is in what it said.
      throw new Error((error as { readonly stdout?: string }).stdout, { cause: error });
    });
    assert.match(stdout, /[1-9]\d* passing/);
    assert.doesNotMatch(stdout, /failing|pending/);
  });

  it('packs the built files alone, and the packed program runs', async () => {
    const { stdout } = await run('npm', ['pack', '--json', ...NPM], { cwd: folder });
    const [pack] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [
      { filename: string; files: { path: string }[] },
    ];
    for (const { path } of pack.files) {
      assert.match(path, /^(?:dist\/.*\.(?:js|d\.ts)|package\.json|README\.md|LICENSE)$/);
    }
    assert.ok((await readdir(folder)).includes(pack.filename));
    const place = join(folder, 'place');
    await run('npm', ['install', '--prefix', place, ...NPM, join(folder, pack.filename)]);
    const program = join(place, 'node_modules/caronte-proxy/dist/main.js');
    const args = [program, '--port', '0', '--host', '127.0.0.1', '--log-format', 'json'];
    const env = { ...process.env, CARONTE_SECRET: 'a-secret-for-this-test' };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    assert.match(line.toString(), /listening/);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
