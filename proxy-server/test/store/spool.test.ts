import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../src/routing/index.ts';
import { bodyOf, entry, putSpooled, StoreFolder } from './folder.ts';

const MIB = 1024 * 1024;

describe('a body on its way into a file', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  beforeEach(() => folder.open({ bytes: 4 * MIB, count: 3 }));
  afterEach(() => folder.remove());

  const bodies = async (): Promise<string[]> => {
    // Files are removed in the background; closing waits for that.
    await folder.close();
    return await readdir(join(folder.data, 'bodies'));
  };

  it('has its sender wait while too much is not written yet', async () => {
    const spool = folder.store.spool(newId(), 'a');
    assert.equal(spool.write(randomBytes(MIB - 1)), true);
    assert.equal(spool.write(randomBytes(1)), false);
    await new Promise<void>((resolve) => {
      spool.onDrain(resolve);
    });
    assert.equal(spool.write(randomBytes(1)), true);
    assert.equal(await spool.finish(), 'kept');
    spool.discard();
    assert.deepEqual(await bodies(), []);
  });

  it('takes quota as it grows, and gives it back', async () => {
    const { store } = folder;
    const spool = store.spool(newId(), 'a');
    for (let piece = 0; piece < 4; piece += 1) spool.write(Buffer.alloc(MIB));
    assert.equal(spool.full, false);
    assert.deepEqual(await store.put(entry('a')), { kind: 'full', what: 'bytes' });
    spool.write(Buffer.alloc(1));
    assert.equal(spool.full, true);
    assert.equal(await spool.finish(), 'full');
    assert.deepEqual(await store.put(entry('a')), { kind: 'kept' });
    assert.deepEqual(await bodies(), []);
  });

  it('is gone if it is discarded, whenever that is', async () => {
    const { store } = folder;
    const early = store.spool(newId(), 'a');
    early.discard();
    early.write(Buffer.alloc(10));
    const late = store.spool(newId(), 'a');
    late.write(Buffer.alloc(MIB));
    const finished = late.finish();
    late.discard();
    assert.equal(await finished, 'full');
    assert.equal(await early.finish(), 'full');
    assert.equal(store.counts('a').bytes, 0);
    assert.deepEqual(await store.put(entry('a')), { kind: 'kept' });
    assert.deepEqual(await bodies(), []);
  });

  it('is gone if its entry is not kept', async () => {
    const { store } = folder;
    const dedupe = { key: 'k', windowMs: 1_000 };
    const first = entry('a', { dedupe });
    await putSpooled(store, first, randomBytes(70_000));
    const second = await putSpooled(store, entry('a', { dedupe }), randomBytes(70_000));
    assert.deepEqual(second, { kind: 'duplicate', of: first.id });
    await store.put(entry('a'));
    await store.put(entry('a'));
    const third = await putSpooled(store, entry('a'), randomBytes(70_000));
    assert.equal(third.kind, 'full');
    assert.deepEqual(await bodies(), [first.id]);
  });

  it('may be empty', async () => {
    const one = entry('a');
    assert.deepEqual(await putSpooled(folder.store, one, Buffer.alloc(0)), { kind: 'kept' });
    assert.equal((await bodyOf(folder.store, one.id, 'a')).length, 0);
  });

  it('belongs to an entry of its own size alone, and once', async () => {
    const { store } = folder;
    const id = newId();
    const body = { kind: 'spooled', size: 3, trailers: [] } as const;
    await assert.rejects(store.put(entry('a', { id, body })), /no finished body/);
    const spool = store.spool(id, 'a');
    spool.write(Buffer.from('abc'));
    await assert.rejects(store.put(entry('a', { id, body })), /no finished body/);
    await spool.finish();
    await assert.rejects(store.put(entry('a', { id, body: { ...body, size: 4 } })), /no finished/);
    assert.deepEqual(await store.put(entry('a', { id, body })), { kind: 'kept' });
    await assert.rejects(store.put(entry('a', { id, body })), /no finished body/);
    spool.discard();
    assert.equal((await bodyOf(store, id, 'a')).toString(), 'abc');
    assert.throws(() => store.spool('../../etc/passwd', 'a'), /is no id/);
  });

  it('is removed with its entry', async () => {
    const { store } = folder;
    const [done, discarded, dead] = [entry('a'), entry('a'), entry('a')];
    for (const one of [done, discarded, dead]) await putSpooled(store, one, randomBytes(70_000));
    await store.lease('a', 1);
    await store.settle([{ id: done.id, kind: 'done' }]);
    await store.discard('a', [discarded.id]);
    await store.lease('a', 1);
    await store.settle([{ id: dead.id, kind: 'dead', reason: '' }]);
    assert.deepEqual(await bodies(), [dead.id]);
    assert.equal((await stat(join(folder.data, 'bodies', dead.id))).mode & 0o777, 0o600);
  });

  it('breaks off for its reader if the file is lost', async () => {
    const one = entry('a');
    await putSpooled(folder.store, one, randomBytes(70_000));
    await rm(join(folder.data, 'bodies', one.id));
    await assert.rejects(
      new Promise((_resolve, reject) => {
        folder.store.openBody(one).on('error', reject);
      }),
      /ENOENT/,
    );
  });
});
