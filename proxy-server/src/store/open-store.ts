import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Clock, Logger } from '../routing/index.ts';
import { DurableStore } from './durable-store.ts';
import type { NotOpened, Opened, WorkerInput } from './messages.ts';
import { SpoolFolder } from './spool-folder.ts';
import { startWorker } from './start-worker.ts';
import { SteadyTime } from './steady-time.ts';
import type { Store } from './store.ts';
import { type Files, filesIn, setAside } from './files.ts';

/**
 * Kept free for noting what was delivered when the disk is full, in bytes. SQLite's log is copied into
 * the database once it has 4 MiB, and one commit may add as much and more: with less room than what
 * the log holds then, nothing could be noted any more.
 */
const BALLAST_BYTES = 8 * 1024 * 1024;

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
  /** Size of the file that is given up on a full disk; absent: 8 MiB. */
  readonly ballastBytes?: number;
}

/**
 * Opens the store in a folder, which is made if it is not there. Rejects with an error whose message
 * is for people: somebody else has the folder, it was written by a newer version, there is no SQLite.
 */
export async function openStore(dir: string, options: StoreOptions): Promise<Store> {
  const { limits, clock, log, ballastBytes = BALLAST_BYTES } = options;
  const files = filesIn(resolve(dir));
  const { maxAgeMs, deadAgeMs } = limits;
  const monotonic = clock.monotonic();
  const wall = clock.wall();
  const input = { dir: files.dir, wall, maxAgeMs, deadAgeMs, ballastBytes };
  const { worker, opened } = await open(input, files, log);
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

/** Each attempt has a thread of its own: with its end whatever it had opened is closed. */
async function open(
  input: Omit<WorkerInput, 'resolveFrom'>,
  files: Files,
  log: Logger,
): Promise<{ readonly worker: Worker; readonly opened: Opened }> {
  const tried = new Set<NotOpened['why']>(['unusable']);
  for (;;) {
    const worker = startWorker(input);
    const [message] = (await once(worker, 'message')) as [Opened | NotOpened];
    if (message.kind === 'opened') return { worker, opened: message };
    await worker.terminate();
    if (tried.has(message.why)) throw new Error(message.message);
    tried.add(message.why);
    if (message.why === 'no room') await rm(files.ballast, { force: true });
    else log.error({ file: setAside(files, input.wall), error: message.message }, SET_ASIDE);
  }
}

const SET_ASIDE =
  'the database of queued requests is damaged: it is set aside, with its bodies, and the proxy ' +
  'starts with an empty one. What was queued is not delivered; `sqlite3 <file> .recover` may read it';
