import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WorkerInput } from './messages.ts';

/** The thread's code as text, which the build of a single file puts here; undefined elsewhere. */
declare const CARONTE_STORE_WORKER: string | undefined;

/**
 * What the thread handles is short-lived and comes in batches of a few MiB: more room for it, as Node
 * gives by itself, is only memory that lies about between two collections.
 */
const MEMORY = { maxYoungGenerationSizeMb: 8 };

/** Starts the thread that has the database. */
export function startWorker(input: Omit<WorkerInput, 'resolveFrom'>): Worker {
  const workerData: WorkerInput = { ...input, resolveFrom: import.meta.url };
  if (typeof CARONTE_STORE_WORKER === 'string') {
    return new Worker(CARONTE_STORE_WORKER, { eval: true, workerData, resourceLimits: MEMORY });
  }
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./worker/main.js', import.meta.url), {
      workerData,
      resourceLimits: MEMORY,
    });
  }
  // The loader that this thread was started with reaches no further than this thread.
  const loader = JSON.stringify(createRequire(import.meta.url).resolve('tsx/cjs/api'));
  const main = JSON.stringify(fileURLToPath(new URL('./worker/main.ts', import.meta.url)));
  const code = `require(${loader}).register(); require(${main});`;
  return new Worker(code, { eval: true, workerData, resourceLimits: MEMORY });
}
