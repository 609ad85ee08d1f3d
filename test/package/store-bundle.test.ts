import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { storeWorker } from '../../scripts/store-worker.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT_IN = process.getBuiltinModule('node:sqlite') !== undefined;

/** Keeps an entry, opens the store again, and says what is there. */
const PROGRAM = `
import { openStore } from './proxy-server/src/store/index.ts';
import { systemClock } from './proxy-server/src/routing/index.ts';
const silent = () => undefined;
const options = {
  clock: systemClock,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  limits: { count: 10, bytes: 1e6, totalBytes: 1e6, maxAgeMs: 1e6, deadAgeMs: 1e6 },
  ballastBytes: 4096,
};
const head = { method: 'POST', target: '/', httpVersion: '1.1', caller: '::1', fields: [], receivedAt: 1 };
try {
  const store = await openStore(process.argv[2], options);
  await store.put({ id: 'a'.repeat(32), code: 'orders', head, body: { kind: 'inline', bytes: Buffer.from('hello') } });
  await store.close();
  const again = await openStore(process.argv[2], options);
  const { entries: [entry] } = await again.lease('orders', 1);
  console.log(entry.body.bytes.toString());
  await again.close();
} catch (error) {
  console.log(error.message);
}`;

/** The store as it is in `dist/caronte.mjs`: all of it in one file, the thread's code included. */
describe('the store in a single file', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-bundle-'));
    await build({
      stdin: { contents: PROGRAM, resolveDir: ROOT, loader: 'ts' },
      outfile: join(folder, 'program.mjs'),
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.18',
      conditions: ['caronte-source'],
      define: { CARONTE_STORE_WORKER: JSON.stringify(await storeWorker()) },
    });
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const outputOf = async (): Promise<string> => {
    // From the repository, so that nothing is found by way of the working directory.
    const args = [join(folder, 'program.mjs'), join(folder, 'data')];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: ROOT });
    assert.equal(stderr, '');
    return stdout.trim();
  };

  it('has Node’s own SQLite, or says what is missing', async () => {
    const missing =
      '--data-dir needs Node 22.13 or newer, or the package @photostructure/sqlite beside this file';
    assert.equal(await outputOf(), BUILT_IN ? 'hello' : missing);
  });

  it('finds the package beside the file', async () => {
    await mkdir(join(folder, 'node_modules'));
    await symlink(
      join(ROOT, 'node_modules', '@photostructure'),
      join(folder, 'node_modules', '@photostructure'),
    );
    await rm(join(folder, 'data'), { recursive: true, force: true });
    assert.equal(await outputOf(), 'hello');
  });
});
