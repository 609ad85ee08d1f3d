import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { DurableStore } from '../../src/store/durable-store.ts';
import { filesIn } from '../../src/store/files.ts';
import type { ToWorker } from '../../src/store/messages.ts';
import { SpoolFolder } from '../../src/store/spool-folder.ts';
import { type OpenedDatabase, openAll } from '../../src/store/worker/open.ts';
import { FakeClock } from '../support/clock.ts';
import { stillWaits } from '../support/wait.ts';
import { fill, LIMITS } from './folder.ts';

/** Does in this thread what the other one does, so that a test can reach its database. */
class NearThread extends EventEmitter {
  readonly #store: OpenedDatabase;

  constructor(store: OpenedDatabase) {
    super();
    this.#store = store;
  }

  postMessage(message: ToWorker): void {
    setImmediate(() => {
      if (message !== 'close') return this.emit('message', this.#store.commits.run(message));
      this.#store.db.close();
      return this.emit('exit');
    });
  }
}

describe('a store that cannot even note what was delivered', () => {
  const clock = new FakeClock();
  const log: string[] = [];
  let folder: string;
  let opened: OpenedDatabase;
  let store: DurableStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-settle-'));
    const input = { wall: clock.wall(), maxAgeMs: 1e9, deadAgeMs: 1e9, ballastBytes: 65_536 };
    opened = openAll({ dir: folder, resolveFrom: import.meta.url, ...input });
    const note = (_details: object, message: string): void => void log.push(message);
    log.length = 0;
    store = new DurableStore({
      worker: new NearThread(opened) as unknown as Worker,
      folder: new SpoolFolder(filesIn(folder).spool),
      opened: opened.opened,
      quotas: LIMITS,
      clock,
      log: { debug: note, info: note, warn: note, error: note },
      now: () => clock.wall(),
    });
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Settles with a reason that needs more pages than the database may have. */
  const settle = async (): Promise<{ readonly settled: Promise<void> }> => {
    const [id = ''] = await fill(store, 'a', 1);
    await store.lease('a', 1);
    opened.db.exec('PRAGMA max_page_count = 30');
    const settled = store.settle([{ id, kind: 'dead', reason: 'x'.repeat(400_000) }]);
    assert.equal(await stillWaits(settled), true);
    return { settled };
  };

  it('waits until there is room', async () => {
    const { settled } = await settle();
    clock.advance(1_000);
    assert.equal(await stillWaits(settled), true);
    opened.db.exec('PRAGMA max_page_count = 1000');
    clock.advance(1_000);
    await settled;
    assert.equal(store.counts('a').dead, 1);
    assert.deepEqual(log, [
      'the disk is full: no request is queued until there is room',
      'there is room on the disk again',
    ]);
  });

  it('tries once more when it closes, and has it delivered again if that fails', async () => {
    const { settled } = await settle();
    const closed = store.close();
    await assert.rejects(settled, /full/);
    await closed;
  });
});
