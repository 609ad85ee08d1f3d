import assert from 'node:assert/strict';
import { entry, fill, StoreFolder } from './folder.ts';

describe('the store, asked for what is due', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  before(() => folder.open());
  after(() => folder.remove());

  const idsOf = async (code: string, most: number): Promise<string[]> =>
    (await folder.store.lease(code, most)).entries.map(({ id }) => id);

  it('gives each entry to one delivery at a time, the oldest first', async () => {
    const ids = await fill(folder.store, 'once', 5);
    assert.deepEqual(await idsOf('once', 2), ids.slice(0, 2));
    assert.deepEqual(await idsOf('once', 9), ids.slice(2));
    assert.deepEqual(await idsOf('once', 9), []);
    assert.equal(folder.store.counts('once').waiting, 5, 'in delivery they are still kept');
  });

  it('says that more is due, or when something will be', async () => {
    const { store, clock } = folder;
    const [first = ''] = await fill(store, 'due', 2);
    assert.equal((await store.lease('due', 1)).nextDueInMs, 0);
    const retry = { kind: 'retry', reason: 'status_503', counts: true } as const;
    await store.settle([{ id: first, ...retry, dueInMs: 5_000 }]);
    const { entries, nextDueInMs } = await store.lease('due', 9);
    assert.equal(entries.length, 1);
    assert.equal(nextDueInMs, 5_000);
    clock.advance(4_999);
    assert.deepEqual(await store.lease('due', 9), { entries: [], nextDueInMs: 1 });
    clock.advance(1);
    assert.deepEqual(await idsOf('due', 9), [first]);
    assert.deepEqual(await store.lease('due', 9), { entries: [], nextDueInMs: undefined });
  });

  it('gives what failed before what is younger, once it is due again', async () => {
    const { store } = folder;
    const [first = '', second = ''] = await fill(store, 'place', 2);
    await store.lease('place', 1);
    const retry = { kind: 'retry', reason: 'agent_lost', counts: false, dueInMs: 0 } as const;
    await store.settle([{ id: first, ...retry }]);
    assert.deepEqual(await idsOf('place', 9), [first, second]);
  });

  it('counts attempts always, and failures if they count', async () => {
    const { store } = folder;
    const [id = ''] = await fill(store, 'failures', 1);
    const seen: [number, number][] = [];
    for (const counts of [true, false, true, true]) {
      const [one] = (await store.lease('failures', 1)).entries;
      seen.push([one?.attempt ?? 0, one?.failures ?? 0]);
      await store.settle([{ id, kind: 'retry', dueInMs: 0, reason: 'status_500', counts }]);
    }
    assert.deepEqual(seen, [
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2],
    ]);
  });

  it('takes several settlements in one go, and passes over ids that are not in delivery', async () => {
    const { store } = folder;
    const [done = '', dead = '', idle = ''] = await fill(store, 'settled', 3);
    await store.lease('settled', 2);
    await store.settle([
      { id: done, kind: 'done' },
      { id: idle, kind: 'done' },
      { id: '0'.repeat(32), kind: 'done' },
      { id: dead, kind: 'dead', reason: 'status_404' },
      { id: dead, kind: 'done' },
    ]);
    const { waiting, dead: letters } = store.counts('settled');
    assert.deepEqual([waiting, letters], [1, 1]);
    const [letter] = (await store.list('settled', 'dead', undefined, 9)).entries;
    assert.equal(letter?.reason, 'status_404');
    assert.deepEqual(await idsOf('settled', 9), [idle]);
  });

  it('leases no more than some MiB at once', async () => {
    const { store } = folder;
    const body = { kind: 'inline', bytes: Buffer.alloc(64 * 1024) } as const;
    await Promise.all(Array.from({ length: 140 }, () => store.put(entry('large', { body }))));
    const { entries, nextDueInMs } = await store.lease('large', 200);
    assert.ok(entries.length > 120 && entries.length < 130, `${entries.length} entries`);
    assert.equal(nextDueInMs, 0);
    assert.equal((await store.lease('large', 200)).entries.length, 140 - entries.length);
  });

  it('tells the oldest of what waits', async () => {
    const { store } = folder;
    const { head } = entry('oldest');
    const [first, second] = [10, 20].map((receivedAt) =>
      entry('oldest', { head: { ...head, receivedAt } }),
    );
    assert.ok(first !== undefined && second !== undefined);
    await store.put(first);
    await store.put(second);
    assert.equal(store.counts('oldest').oldestReceivedAt, 10);
    await store.lease('oldest', 1);
    assert.equal(store.counts('oldest').oldestReceivedAt, 10);
    await store.settle([{ id: first.id, kind: 'dead', reason: '' }]);
    assert.equal(store.counts('oldest').oldestReceivedAt, 20);
    await store.lease('oldest', 1);
    await store.settle([{ id: second.id, kind: 'done' }]);
    assert.equal(store.counts('oldest').oldestReceivedAt, undefined);
  });
});

describe('the store, opened again', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  before(() => folder.open());
  after(() => folder.remove());

  it('has what it had, with what was in delivery due at once', async () => {
    const [leased = '', retried = '', dead = '', fresh = ''] = await fill(folder.store, 'a', 4);
    await folder.store.lease('a', 3);
    await folder.store.settle([
      { id: retried, kind: 'retry', dueInMs: 60_000, reason: 'status_500', counts: true },
      { id: dead, kind: 'dead', reason: 'status_404' },
    ]);
    const before = folder.store.counts('a');
    await folder.reopen();
    assert.deepEqual(folder.store.codes(), ['a']);
    assert.deepEqual(folder.store.counts('a'), before);
    const { entries, nextDueInMs } = await folder.store.lease('a', 9);
    assert.deepEqual(
      entries.map(({ id, attempt }) => [id, attempt]),
      [
        [leased, 2],
        [fresh, 1],
      ],
    );
    assert.equal(nextDueInMs, 60_000);
  });

  it('refuses everything once it is closed, and may be closed twice', async () => {
    const { store } = folder;
    const last = store.put(entry('b'));
    const closed = store.close();
    await store.close();
    await closed;
    assert.deepEqual(await last, { kind: 'kept' });
    await assert.rejects(store.put(entry('b')), /the store is closed/);
    await assert.rejects(store.lease('b', 1), /the store is closed/);
    await assert.rejects(store.settle([]), /the store is closed/);
    await folder.open();
    assert.equal(folder.store.counts('b').waiting, 1);
  });
});
