import assert from 'node:assert/strict';
import { StoreFolder } from './folder.ts';

describe('the store, beside the requests', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  let folder: StoreFolder;

  beforeEach(async () => {
    folder = new StoreFolder();
    await folder.open();
  });
  afterEach(() => folder.remove());

  it('remembers policies over a restart until they are to be forgotten', async () => {
    const { store } = folder;
    await store.remember('a', '{"reply":"wait"}', 1);
    await store.remember('b', '{}', 2);
    await store.remember('a', '{"reply":"accept"}', 3);
    await store.forget('b');
    const expected = [{ code: 'a', policy: '{"reply":"accept"}', seenAt: 3 }];
    assert.deepEqual(store.policies(), expected);
    assert.deepEqual((await folder.reopen()).policies(), expected);
  });

  it('counts what was missed over a restart until that is told', async () => {
    const { store, clock } = folder;
    const since = clock.wall();
    store.noteMissed('a', 'quota');
    clock.advance(2_000);
    store.noteMissed('a', 'quota');
    store.noteMissed('a', 'refused');
    const expected = { refused: 1, quota: 2, expired: 0, since };
    assert.deepEqual(store.missed('a'), expected);
    assert.deepEqual((await folder.reopen()).missed('a'), expected);
    const cleared = folder.store.clearMissed('a');
    const later = clock.wall();
    folder.store.noteMissed('a', 'quota');
    await cleared;
    const rest = { refused: 0, quota: 1, expired: 0, since: later };
    assert.deepEqual(folder.store.missed('a'), rest);
    assert.deepEqual((await folder.reopen()).missed('a'), rest);
  });
});
