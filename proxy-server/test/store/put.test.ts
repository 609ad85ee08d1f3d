import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { bodyOf, entry, fill, putSpooled, StoreFolder } from './folder.ts';

describe('the store, given requests to keep', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  before(() => folder.open({ count: 5, bytes: 200_000, totalBytes: 500_000 }));
  after(() => folder.remove());

  it('gives them back as they were, field for field and byte for byte', async () => {
    const { store } = folder;
    const bytes = randomBytes(1_000);
    const one = entry('whole', { body: { kind: 'inline', bytes }, attempts: 2 });
    const none = entry('whole', { body: { kind: 'none' } });
    const empty = entry('whole', { body: { kind: 'inline', bytes: Buffer.alloc(0) } });
    for (const each of [one, none, empty]) {
      assert.deepEqual(await store.put(each), { kind: 'kept' });
    }
    const { entries } = await store.lease('whole', 5);
    assert.deepEqual(entries, [
      { ...leased(one), attempt: 3 },
      { ...leased(none), attempt: 1 },
      { ...leased(empty), attempt: 1 },
    ]);
  });

  it('takes no more of a buffer than is meant', async () => {
    const slab = Buffer.from('before hello after');
    const one = entry('views', { body: { kind: 'inline', bytes: slab.subarray(7, 12) } });
    const two = entry('views', { body: { kind: 'inline', bytes: slab.subarray(13) } });
    await Promise.all([folder.store.put(one), folder.store.put(two)]);
    const { entries } = await folder.store.lease('views', 5);
    assert.deepEqual(
      entries.map(({ body }) => body.kind === 'inline' && body.bytes.toString()),
      ['hello', 'after'],
    );
  });

  it('keeps them in the order in which they were given', async () => {
    const ids = await fill(folder.store, 'order', 5);
    const { entries } = await folder.store.lease('order', 5);
    assert.deepEqual(
      entries.map(({ id }) => id),
      ids,
    );
  });

  it('refuses what is over the count of a code, also while it is still being written', async () => {
    const puts = await Promise.all(
      Array.from({ length: 7 }, () => folder.store.put(entry('count'))),
    );
    assert.deepEqual(puts.slice(5), [
      { kind: 'full', what: 'count' },
      { kind: 'full', what: 'count' },
    ]);
    assert.equal(folder.store.counts('count').waiting, 5);
    const [first] = (await folder.store.lease('count', 1)).entries;
    assert.deepEqual(await folder.store.put(entry('count')), { kind: 'full', what: 'count' });
    await folder.store.settle([{ id: first?.id ?? '', kind: 'done' }]);
    assert.deepEqual(await folder.store.put(entry('count')), { kind: 'kept' });
  });

  it('counts heads and bodies, to the byte', async () => {
    const { store } = folder;
    const head = JSON.stringify(entry('bytes').head).length;
    const body = (length: number) => ({ kind: 'inline', bytes: Buffer.alloc(length) }) as const;
    await store.put(entry('bytes', { body: body(100_000 - head) }));
    assert.equal(store.counts('bytes').bytes, 100_000);
    const over = entry('bytes', { body: body(100_001 - head) });
    assert.deepEqual(await store.put(over), { kind: 'full', what: 'bytes' });
    assert.deepEqual(await store.put(entry('bytes', { body: body(100_000 - head) })), {
      kind: 'kept',
    });
  });

  it('refuses what is over the bytes of all codes', async () => {
    const { store } = folder;
    const large = { kind: 'inline', bytes: Buffer.alloc(190_000) } as const;
    assert.deepEqual(await store.put(entry('total-1', { body: large })), { kind: 'kept' });
    assert.deepEqual(await store.put(entry('total-2', { body: large })), {
      kind: 'full',
      what: 'total',
    });
    assert.equal(await store.discard('total-1', 'all waiting'), 1);
    assert.deepEqual(await store.put(entry('total-2', { body: large })), { kind: 'kept' });
    await store.discard('total-2', 'all waiting');
  });

  it('keeps a large body in a file, with its trailers', async () => {
    const { store } = folder;
    const bytes = randomBytes(150_000);
    const one = entry('spooled');
    assert.deepEqual(await putSpooled(store, one, bytes, ['X-Sum', '1']), { kind: 'kept' });
    const [found] = (await store.lease('spooled', 1)).entries;
    assert.deepEqual(found?.body, { kind: 'spooled', size: 150_000, trailers: ['X-Sum', '1'] });
    assert.deepEqual(await bodyOf(store, one.id, 'spooled'), bytes);
  });

  it('keeps nothing under an id that is taken, and all that came with it', async () => {
    const one = entry('ids');
    const puts = await Promise.allSettled([
      folder.store.put(one),
      folder.store.put(entry('ids')),
      folder.store.put(one),
      folder.store.put(entry('ids')),
    ]);
    assert.deepEqual(
      puts.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal(folder.store.counts('ids').waiting, 3);
  });
});

describe('the store, given the same request of a sender again', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();
  const dedupe = { key: 'x-github-delivery:1', windowMs: 60_000 };

  before(() => folder.open({ count: 2 }));
  after(() => folder.remove());

  it('says which one it has', async () => {
    const one = entry('same', { dedupe });
    const two = entry('same', { dedupe });
    const puts = await Promise.all([folder.store.put(one), folder.store.put(two)]);
    assert.deepEqual(puts, [{ kind: 'kept' }, { kind: 'duplicate', of: one.id }]);
    assert.equal(folder.store.counts('same').waiting, 1);
  });

  it('keeps it for another code, and once the window is over', async () => {
    const { store, clock } = folder;
    await store.put(entry('window', { dedupe }));
    assert.deepEqual(await store.put(entry('elsewhere', { dedupe })), { kind: 'kept' });
    clock.advance(59_999);
    assert.equal((await store.put(entry('window', { dedupe }))).kind, 'duplicate');
    clock.advance(1);
    assert.deepEqual(await store.put(entry('window', { dedupe })), { kind: 'kept' });
  });

  it('knows it although there is room for nothing more', async () => {
    const { store } = folder;
    const one = entry('full', { dedupe });
    await store.put(one);
    await store.put(entry('full'));
    assert.deepEqual(await store.put(entry('full', { dedupe })), { kind: 'duplicate', of: one.id });
    const other = { ...dedupe, key: 'x-github-delivery:2' };
    assert.deepEqual(await store.put(entry('full', { dedupe: other })), {
      kind: 'full',
      what: 'count',
    });
    assert.equal(store.counts('full').waiting, 2);
  });

  it('knows it after it was delivered, and after a restart', async () => {
    const one = entry('later', { dedupe });
    await folder.store.put(one);
    await folder.store.lease('later', 1);
    await folder.store.settle([{ id: one.id, kind: 'done' }]);
    await folder.reopen({ count: 2 });
    assert.deepEqual(await folder.store.put(entry('later', { dedupe })), {
      kind: 'duplicate',
      of: one.id,
    });
  });
});

function leased({ id, code, head, body }: ReturnType<typeof entry>) {
  return { id, code, head, body, failures: 0 };
}
