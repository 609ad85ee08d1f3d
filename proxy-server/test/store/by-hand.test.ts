import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { bodyOf, entry, fill, kill, putSpooled, StoreFolder } from './folder.ts';

const NONE = '0'.repeat(32);

describe('the store, in a person’s hands', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  before(() => folder.open({ count: 3_000 }));
  after(() => folder.remove());

  it('lists what waits and what is dead, page by page, each in its order', async () => {
    const { store } = folder;
    const ids = await fill(store, 'pages', 5);
    const first = await store.list('pages', 'waiting', undefined, 2);
    const second = await store.list('pages', 'waiting', first.next, 2);
    const last = await store.list('pages', 'waiting', second.next, 2);
    const pages = [first, second, last].map(({ entries }) => entries.map(({ id }) => id));
    assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    assert.equal(last.next, undefined);
    assert.deepEqual((await store.list('pages', 'dead', undefined, 2)).entries, []);
    await kill(store, 'pages');
    const dead = await store.list('pages', 'dead', undefined, 2);
    assert.deepEqual(
      dead.entries.map(({ id }) => id),
      ids.slice(0, 1),
    );
  });

  it('says of each entry what it is, and how it goes with it', async () => {
    const { store, clock } = folder;
    const [retried = '', leased = '', fresh = ''] = await fill(store, 'lines', 3);
    await store.lease('lines', 2);
    const retry = { kind: 'retry', dueInMs: 9_000, reason: 'status_503', counts: true } as const;
    await store.settle([{ id: retried, ...retry }]);
    clock.advance(1_000);
    const { entries } = await store.list('lines', 'waiting', undefined, 9);
    const { method, target, receivedAt } = entry('lines').head;
    const same = { method, target, receivedAt, size: 5 };
    assert.deepEqual(
      entries.map(({ seq: _seq, ...rest }) => rest),
      [
        {
          id: retried,
          state: 'waiting',
          ...same,
          attempts: 1,
          dueInMs: 8_000,
          reason: 'status_503',
        },
        {
          id: leased,
          state: 'delivering',
          ...same,
          attempts: 1,
          dueInMs: undefined,
          reason: undefined,
        },
        { id: fresh, state: 'waiting', ...same, attempts: 0, dueInMs: 0, reason: undefined },
      ],
    );
  });

  it('shows one whole entry, to those who ask with its code', async () => {
    const { store } = folder;
    const one = entry('whole');
    const spooled = entry('whole');
    const bytes = randomBytes(70_000);
    await store.put(one);
    await putSpooled(store, spooled, bytes);
    const found = await store.get('whole', one.id);
    assert.deepEqual(found?.head, one.head);
    assert.deepEqual(found?.body, one.body);
    assert.equal(found?.listed.state, 'waiting');
    const large = await store.get('whole', spooled.id);
    assert.deepEqual(large?.body, { kind: 'spooled', size: 70_000, trailers: [] });
    assert.deepEqual(await bodyOf(store, spooled.id, 'whole'), bytes);
    assert.equal(await store.get('other', one.id), undefined);
    assert.equal(await store.get('whole', NONE), undefined);
  });

  it('delivers again what is dead and what waits for later, at their old places', async () => {
    const { store } = folder;
    const [dead = '', later = '', leased = '', fresh = ''] = await fill(store, 'again', 4);
    await store.lease('again', 3);
    await store.settle([
      { id: dead, kind: 'dead', reason: 'status_404' },
      { id: later, kind: 'retry', dueInMs: 1e9, reason: 'status_500', counts: true },
    ]);
    assert.equal(await store.deliverAgain('other', [dead, later]), 0);
    assert.equal(await store.deliverAgain('again', [dead, later, leased, NONE]), 2);
    assert.equal(store.counts('again').dead, 0);
    const { entries } = await store.lease('again', 9);
    assert.deepEqual(
      entries.map(({ id, attempt, failures }) => [id, attempt, failures]),
      [
        [dead, 2, 0],
        [later, 2, 0],
        [fresh, 1, 0],
      ],
    );
  });

  it('delivers again all that is dead, or all that waits', async () => {
    const { store } = folder;
    const ids = await fill(store, 'all', 3);
    const [later = ''] = ids;
    await store.lease('all', 1);
    await store.settle([
      { id: later, kind: 'retry', dueInMs: 1e9, reason: 'status_500', counts: true },
    ]);
    await kill(store, 'all');
    await kill(store, 'all');
    assert.equal(await store.deliverAgain('all', 'all dead'), 2);
    assert.equal(await store.deliverAgain('all', 'all waiting'), 3);
    const { entries } = await store.lease('all', 9);
    assert.deepEqual(
      entries.map(({ id }) => id),
      ids,
    );
  });

  it('discards entries, but none that is in delivery', async () => {
    const { store } = folder;
    const [leased = '', dead = '', waiting = ''] = await fill(store, 'gone', 3);
    await store.lease('gone', 2);
    await store.settle([{ id: dead, kind: 'dead', reason: '' }]);
    assert.equal(await store.discard('other', [dead]), 0);
    assert.equal(await store.discard('gone', [leased, dead, waiting, NONE]), 2);
    assert.deepEqual([store.counts('gone').waiting, store.counts('gone').dead], [1, 0]);
    await store.settle([{ id: leased, kind: 'done' }]);
    assert.equal(store.counts('gone').bytes, 0);
  });

  it('discards all that is dead or all that waits, however many there are', async () => {
    const { store } = folder;
    await fill(store, 'many', 2_500);
    await kill(store, 'many');
    assert.equal(await store.discard('many', 'all waiting'), 2_499);
    assert.equal(await store.discard('many', 'all dead'), 1);
    assert.deepEqual(store.counts('many').bytes, 0);
    assert.ok(!store.codes().includes('many'));
  });
});
