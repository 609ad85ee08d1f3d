/**
 * `npm run test:small-disk`: the store on a real file system of 40 MiB, which is filled, drained and
 * filled again. The file system is a tmpfs in a namespace of its own, so that nobody has to be root.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newId, systemClock } from '../../src/routing/index.ts';
import { openStore, type Store } from '../../src/store/index.ts';

const CODE = 'orders';
const HOUR = 3_600_000;
const MIB = 1024 * 1024;

const said: string[] = [];
const note = (details: object, message: string): void => {
  said.push(message);
  console.log(message, JSON.stringify(details));
};
const options = {
  clock: systemClock,
  log: { debug: note, info: note, warn: note, error: note },
  limits: { count: 1e6, bytes: 1e10, totalBytes: 1e10, maxAgeMs: HOUR, deadAgeMs: HOUR },
  ballastBytes: 8 * MIB,
};
const head = { method: 'POST', target: '/', httpVersion: '1.1', caller: '::1', fields: [] };

/** How many of so many puts are kept; the others find the disk full. */
async function put(store: Store, count: number): Promise<number> {
  const body = { kind: 'inline', bytes: Buffer.alloc(4_096) } as const;
  const results = await Promise.all(
    Array.from({ length: count }, () =>
      store.put({ id: newId(), code: CODE, head: { ...head, receivedAt: Date.now() }, body }),
    ),
  );
  const kept = results.filter(({ kind }) => kind === 'kept').length;
  const full = results.filter((one) => one.kind === 'full' && one.what === 'disk').length;
  assert.equal(kept + full, count);
  return kept;
}

async function deliver(store: Store, most: number): Promise<number> {
  let count = 0;
  while (count < most) {
    const { entries } = await store.lease(CODE, 64);
    if (entries.length === 0) break;
    await store.settle(entries.map(({ id }) => ({ id, kind: 'done' })));
    count += entries.length;
  }
  return count;
}

/** Resolves once a request is kept again; the store looks for room once a second. */
async function untilKept(store: Store): Promise<void> {
  const end = Date.now() + 10_000;
  while ((await put(store, 1)) === 0) assert.ok(Date.now() < end, 'nothing is kept again');
}

/** Leaves not a byte. */
function fillUp(filler: string): void {
  for (let size = 4 * MIB; size >= 1;) {
    try {
      appendFileSync(filler, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
}

async function run(disk: string): Promise<void> {
  let store = await openStore(join(disk, 'data'), options);
  const kept = await put(store, 12_000);
  console.log(`${kept} kept, then the disk was full`);
  assert.ok(kept > 1_000 && kept < 12_000);
  assert.equal(store.counts(CODE).waiting, kept);
  const filler = join(disk, 'filler');
  await store.close();
  fillUp(filler);
  store = await openStore(join(disk, 'data'), options);
  assert.equal(store.counts(CODE).waiting, kept);
  assert.equal(await put(store, 10), 0);
  console.log('opened again on the full disk');
  assert.equal(await deliver(store, 640), 640);
  console.log('640 delivered on the full disk');
  rmSync(filler);
  await untilKept(store);

  await put(store, 12_000);
  const waiting = store.counts(CODE).waiting;
  assert.equal(await deliver(store, Infinity), waiting);
  console.log(`${waiting} delivered on a disk that is full of them`);
  await untilKept(store);
  assert.equal(await put(store, 100), 100);
  await store.close();

  const again = await openStore(join(disk, 'data'), options);
  assert.equal(again.counts(CODE).waiting, 101);
  await again.close();
  assert.deepEqual(new Set(said).size, 2, 'the log says when it is full and when it is not');
  console.log('all as it should be');
}

const [, , disk] = process.argv;
if (disk !== undefined) await run(disk);
else {
  const folder = mkdtempSync(join(tmpdir(), 'caronte-small-disk-'));
  const self = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), folder];
  const mount = 'mount -t tmpfs -o size=40m none "$1" && shift && exec "$@"';
  const command = ['-rm', 'sh', '-c', mount, 'sh', folder, ...self];
  const { status } = spawnSync('unshare', command, { stdio: 'inherit' });
  rmdirSync(folder);
  process.exitCode = status ?? 1;
}
