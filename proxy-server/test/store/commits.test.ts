import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/routing/index.ts';
import { putOp } from '../../src/store/entries.ts';
import type { Op, Reply } from '../../src/store/messages.ts';
import { type OpenedDatabase, openAll } from '../../src/store/worker/open.ts';
import { entry } from './folder.ts';

/** SQLite itself refuses to grow the file beyond so many pages: it is as full as a disk can be. */
const PAGES = 120;

describe('a batch of commits, on a disk that is full', () => {
  let folder: string;
  let store: OpenedDatabase;
  let now = 10_000;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-commits-'));
    const input = { maxAgeMs: 1e9, deadAgeMs: 1e9, ballastBytes: 65_536 };
    store = openAll({
      dir: join(folder, 'data'),
      resolveFrom: import.meta.url,
      wall: now,
      ...input,
    });
    store.db.exec(`PRAGMA max_page_count = ${PAGES}`);
  });

  afterEach(async () => {
    store.db.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ballast = (): boolean => existsSync(join(folder, 'data', 'ballast'));

  const run = (...ops: readonly Op[]): Reply => {
    const size = ops.reduce((sum, op) => sum + (op.kind === 'put' ? op.size : 0), 0);
    return store.commits.run({ ops, bytes: new Uint8Array(size), now, wall: now });
  };

  const put = (size: number, id = newId()): Op =>
    putOp(entry('a', { id, body: { kind: 'inline', bytes: Buffer.alloc(size) } }), undefined);

  const kinds = ({ outcomes }: Reply): unknown[] =>
    outcomes.map((outcome) => (outcome.ok ? (outcome.value as { kind?: string }).kind : outcome));

  const FULL = { ok: true, value: { kind: 'full', what: 'disk' } };

  /** Puts until there is room for nothing more; returns the ids that are kept. */
  const fillUp = (): string[] => {
    const ids: string[] = [];
    for (let size = 32_768; size >= 1; size = Math.floor(size / 2)) {
      for (;;) {
        const id = newId();
        const reply = run(put(size, id));
        if (kinds(reply)[0] === 'full') break;
        ids.push(id);
      }
    }
    return ids;
  };

  it('keeps of it what fits, and says of the rest that it does not', () => {
    const reply = run(put(100_000), put(1_000_000), put(100_000), put(900_000), put(100_000));
    assert.deepEqual(kinds(reply), ['kept', 'full', 'kept', 'full', 'kept']);
    assert.deepEqual(reply.outcomes[1], FULL);
    assert.deepEqual(
      reply.changes.map(({ waiting }) => waiting),
      [1, 1, 1],
    );
    assert.match(reply.noRoom ?? '', /full/);
  });

  it('notes what was delivered, and has room again for as much', () => {
    const ids = fillUp();
    run({ kind: 'lease', code: 'a', most: 1_000 });
    const settlements = ids.map((id) => ({ id, kind: 'done' }) as const);
    const reply = run({ kind: 'settle', settlements });
    assert.equal(reply.outcomes[0]?.ok, true);
    now += 10_000;
    const again = run(put(100_000));
    assert.deepEqual(kinds(again), ['kept']);
    assert.equal(again.noRoom, undefined);
  });

  it('gives up the ballast for what must be written, and takes nothing new until it is back', () => {
    const [id = ''] = fillUp();
    run({ kind: 'lease', code: 'a', most: 1 });
    assert.equal(ballast(), true);
    // A reason of this length stands for a log that has no room to grow.
    const reason = 'x'.repeat(400_000);
    const settle: Op = { kind: 'settle', settlements: [{ id, kind: 'dead', reason }] };
    const reply = run(settle, put(10));
    assert.equal(ballast(), false);
    assert.deepEqual(kinds(reply), [
      { ok: false, noRoom: true, message: 'database or disk is full' },
      'full',
    ]);
    store.db.exec(`PRAGMA max_page_count = ${PAGES * 4}`);
    const later = run(settle, put(10));
    assert.equal(later.outcomes[0]?.ok, true, 'what was delivered is noted at once');
    assert.deepEqual(later.outcomes[1], FULL, 'there is no ballast yet');
    now += 1_000;
    const last = run(put(10));
    assert.deepEqual(kinds(last), ['kept']);
    assert.equal(last.noRoom, undefined);
    assert.equal(ballast(), true);
  });
});
