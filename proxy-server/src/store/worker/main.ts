import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, NotOpened, Outcome, Row, ToWorker, WorkerInput } from '../messages.ts';
import { openAll } from './open.ts';
import { DamagedError } from './open-database.ts';
import { isNoRoom } from './sqlite.ts';
import { UnusableError } from './unusable.ts';

/** The thread that has the database: SQLite waits for the disk, and nobody else has to. */
function main(port: MessagePort, input: WorkerInput): void {
  // Node 22 says of its own SQLite that it is experimental, in each log anew.
  process.removeAllListeners('warning');
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => {
    port.postMessage(message, transfer);
  };
  let store: ReturnType<typeof openAll>;
  try {
    store = openAll(input);
  } catch (error) {
    post(problemOf(error, input.dir));
    return;
  }
  const { db, commits, room, opened } = store;
  let open = true;
  let tidying = false;
  // Between two batches, so that none of them waits for it.
  const tidy = (): void => {
    tidying = open && room.trim();
    if (tidying) setImmediate(tidy);
  };
  port.on('message', (message: ToWorker) => {
    if (message === 'close') {
      open = false;
      db.close();
      port.close();
      return;
    }
    const reply = commits.run(message);
    post(reply, contentsOf(reply.outcomes));
    if (!tidying && reply.changes.length > 0) tidy();
  });
  post(opened);
  tidy();
}

/** Bodies change hands without being copied. */
function contentsOf(outcomes: readonly Outcome[]): ArrayBuffer[] {
  return outcomes.flatMap((outcome) => {
    if (!outcome.ok || !hasRows(outcome.value)) return [];
    return outcome.value.rows.flatMap(({ content }) =>
      content === undefined || content.byteLength !== content.buffer.byteLength
        ? []
        : (content.buffer as ArrayBuffer),
    );
  });
}

function hasRows(value: unknown): value is { readonly rows: readonly Row[] } {
  return typeof value === 'object' && value !== null && 'rows' in value;
}

function problemOf(error: unknown, dir: string): NotOpened {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof UnusableError) return { kind: 'failed', why: 'unusable', message: text };
  const message = `The folder ${dir} cannot be used: ${text}`;
  if (error instanceof DamagedError) return { kind: 'failed', why: 'damaged', message };
  if (!isNoRoom(error)) return { kind: 'failed', why: 'unusable', message };
  const advice = 'Make room on its disk, then start again.';
  return { kind: 'failed', why: 'no room', message: `${message}. ${advice}` };
}

if (parentPort !== null) main(parentPort, workerData as WorkerInput);
