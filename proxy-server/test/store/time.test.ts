import assert from 'node:assert/strict';
import { until } from '../support/wait.ts';
import { entry, fill, kill, StoreFolder } from './folder.ts';

const HOUR = 3_600_000;

describe('time, in the store', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  let folder: StoreFolder;

  beforeEach(async () => {
    folder = new StoreFolder();
    await folder.open({ maxAgeMs: 10 * HOUR, deadAgeMs: 20 * HOUR });
  });
  afterEach(() => folder.remove());

  const reopen = () => folder.reopen({ maxAgeMs: 10 * HOUR, deadAgeMs: 20 * HOUR });
  const retryIn = async (code: string, dueInMs: number): Promise<void> => {
    const [leased] = (await folder.store.lease(code, 1)).entries;
    const retry = { kind: 'retry', dueInMs, reason: 'status_500', counts: true } as const;
    await folder.store.settle([{ id: leased?.id ?? '', ...retry }]);
  };
  const due = async (code: string): Promise<number> =>
    (await folder.store.lease(code, 9)).entries.length;

  it('gives up what has waited for too long, when it is asked for', async () => {
    const { store, clock } = folder;
    await fill(store, 'a', 1);
    clock.advance(9 * HOUR);
    await fill(store, 'a', 1);
    clock.advance(HOUR);
    assert.equal(await due('a'), 1);
    const [expired] = (await store.list('a', 'dead', undefined, 9)).entries;
    assert.equal(expired?.reason, 'expired');
  });

  it('gives up what has waited for too long, although nobody asks', async () => {
    const { store, clock } = folder;
    await fill(store, 'a', 1);
    clock.advance(10 * HOUR + 60_000);
    await until(() => store.counts('a').dead === 1, 'it is given up');
  });

  it('removes dead ones in the end, counts them, and still knows after a restart', async () => {
    const { store, clock } = folder;
    await fill(store, 'a', 2);
    await kill(store, 'a');
    await kill(store, 'a');
    clock.advance(20 * HOUR - 60_000);
    await store.list('a', 'dead', undefined, 9);
    assert.equal(store.counts('a').dead, 2);
    const noticed = clock.wall() + 120_000;
    clock.advance(120_000);
    await until(() => store.counts('a').dead === 0, 'they are removed');
    assert.deepEqual(store.missed('a'), { refused: 0, quota: 0, expired: 2, since: noticed });
    assert.deepEqual((await reopen()).missed('a').expired, 2);
  });

  it('gives what is delivered again by hand its whole time anew', async () => {
    const { store, clock } = folder;
    await fill(store, 'a', 1);
    clock.advance(10 * HOUR);
    assert.equal(await due('a'), 0);
    await store.deliverAgain('a', 'all dead');
    clock.advance(10 * HOUR - 1);
    assert.equal(await due('a'), 1);
  });

  for (const jump of [2 * HOUR, -2 * HOUR]) {
    const way = jump > 0 ? 'forward' : 'back';

    it(`changes nothing when the wall clock jumps ${way} by two hours`, async () => {
      const { store, clock } = folder;
      await fill(store, 'retry', 1);
      await retryIn('retry', HOUR);
      await fill(store, 'age', 1);
      clock.offset = jump;
      clock.advance(HOUR - 1);
      assert.equal(await due('retry'), 0);
      clock.advance(1);
      assert.equal(await due('retry'), 1);
      clock.advance(9 * HOUR - 1);
      const [waits] = (await store.list('age', 'waiting', undefined, 1)).entries;
      assert.equal(waits?.state, 'waiting');
      clock.advance(1);
      assert.equal(await due('age'), 0);
    });
  }

  it('holds nothing back when the wall clock was set back before a restart', async () => {
    const { store, clock } = folder;
    await fill(store, 'a', 1);
    await retryIn('a', HOUR);
    clock.advance(HOUR - 30_000);
    await store.put(entry('b'));
    clock.offset = -5 * HOUR;
    await reopen();
    assert.equal(await due('a'), 0);
    clock.advance(30_000);
    assert.equal(await due('a'), 1);
  });

  it('goes on while the proxy is down', async () => {
    await fill(folder.store, 'a', 1);
    await retryIn('a', HOUR);
    await folder.close();
    folder.clock.offset = HOUR;
    await reopen();
    assert.equal(await due('a'), 1);
  });
});
