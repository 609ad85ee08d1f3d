import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { newId, systemClock } from '../../src/routing/index.ts';
import { openStore, type PutResult, type Store } from '../../src/store/index.ts';
import { entry, LIMITS, putSpooled } from './folder.ts';

/**
 * A process of its own with a store, which may be killed at any moment.
 *
 * - `open`: says why it cannot open the folder, or that it has.
 * - `put`: puts entries without end, from several callers; says the id of each that was kept, and
 *   of each that was not kept since the disk is full, behind a minus.
 */
type Job = 'open' | 'put';

const SELF = fileURLToPath(import.meta.url);
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const CALLERS = 16;

/** `fileBlocks`: no file may grow beyond so many blocks of 512 bytes. */
export function startChild(
  job: Job,
  dir: string,
  { failPoint = '', fileBlocks = 'unlimited' } = {},
): ChildProcessByStdio<null, Readable, null> {
  const node = [process.execPath, '--conditions=caronte-source', '--import', 'tsx', SELF];
  const limit = `ulimit -f ${fileBlocks} && exec "$@"`;
  return spawn('sh', ['-c', limit, 'sh', ...node, job, dir], {
    cwd: PACKAGE,
    env: { ...process.env, CARONTE_FAIL_POINT: failPoint },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The body of an entry in these tests follows from its id; every eighth is spooled. */
export function bodyFor(id: string): Buffer {
  const times = id.startsWith('0') || id.startsWith('8') ? 2_200 : 40;
  return Buffer.from(id.repeat(times));
}

async function putOne(store: Store): Promise<void> {
  const id = newId();
  const bytes = bodyFor(id);
  const one = entry('a', { id, body: { kind: 'inline', bytes } });
  const put: Promise<PutResult> =
    bytes.length > 65_536 ? putSpooled(store, one, bytes) : store.put(one);
  const { kind } = await put;
  // At once: what is only in a buffer dies with the process.
  writeSync(1, kind === 'kept' ? `${id}\n` : `-${id}\n`);
}

async function main(job: Job, dir: string): Promise<void> {
  const silent = () => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const limits = { ...LIMITS, count: 1_000_000, bytes: 1e9, totalBytes: 1e9 };
  const options = { clock: systemClock, log, limits, ballastBytes: 4_096 };
  let store: Store;
  try {
    store = await openStore(dir, options);
  } catch (error) {
    console.log((error as Error).message);
    return;
  }
  if (job === 'open') console.log('open');
  else {
    const caller = async (): Promise<never> => {
      for (;;) await putOne(store);
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }
}

const [, script, job, dir] = process.argv;
if (script === SELF && dir !== undefined) await main(job as Job, dir);
