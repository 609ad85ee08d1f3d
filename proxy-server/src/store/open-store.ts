import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Clock, Logger } from '../routing/index.ts';
import { DurableStore } from './durable-store.ts';
import type { FromWorker } from './messages.ts';
import { SpoolFolder } from './spool-folder.ts';
import { startWorker } from './start-worker.ts';
import { SteadyTime } from './steady-time.ts';
import type { Store } from './store.ts';
import { filesIn } from './files.ts';

/** Kept free for noting what was delivered when the disk is full, in bytes. */
const BALLAST_BYTES = 16 * 1024 * 1024;

export interface StoreLimits {
  /** Entries of one code: those that wait, are being delivered, or are dead. */
  readonly count: number;
  /** What they may take, heads included, in bytes. */
  readonly bytes: number;
  /** The same for all codes together. */
  readonly totalBytes: number;
  /** An entry that waits for longer becomes a dead one. */
  readonly maxAgeMs: number;
  /** A dead entry is removed after this. */
  readonly deadAgeMs: number;
}

export interface StoreOptions {
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Size of the file that is given up on a full disk; absent: 16 MiB. */
  readonly ballastBytes?: number;
}

/**
 * Opens the store in a folder, which is made if it is not there. Rejects with an error whose message
 * is for people: somebody else has the folder, it was written by a newer version, there is no SQLite.
 */
export async function openStore(dir: string, options: StoreOptions): Promise<Store> {
  const { limits, clock, log, ballastBytes = BALLAST_BYTES } = options;
  const files = filesIn(resolve(dir));
  const monotonic = clock.monotonic();
  const worker = startWorker({
    dir: files.dir,
    wall: clock.wall(),
    maxAgeMs: limits.maxAgeMs,
    deadAgeMs: limits.deadAgeMs,
    ballastBytes,
  });
  const [opened] = (await once(worker, 'message')) as [FromWorker];
  if (opened.kind !== 'opened') {
    await worker.terminate();
    throw new Error(opened.kind === 'failed' ? opened.message : 'the store has not opened');
  }
  for (const { level, details, message } of opened.notices) log[level](details, message);
  const time = new SteadyTime(clock, opened.steady, monotonic);
  return new DurableStore({
    worker,
    folder: new SpoolFolder(files.spool),
    opened,
    quotas: limits,
    clock,
    log,
    now: () => time.now(),
  });
}
