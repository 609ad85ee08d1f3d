import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newId } from '../../src/routing/index.ts';
import { startChild } from './child.ts';
import { entry, StoreFolder } from './folder.ts';

describe('a store on a disk that takes no more', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  beforeEach(() => folder.make());
  afterEach(() => folder.remove());

  it('has exactly those requests that it said it had', async () => {
    const child = startChild('put', folder.data, { fileBlocks: '2048' });
    const kept: string[] = [];
    const refused: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('-')) refused.push(line.slice(1));
      else kept.push(line);
      if (refused.length === 100) break;
    }
    child.kill('SIGKILL');
    assert.ok(kept.length > 100, `${kept.length} were kept`);

    const store = await folder.open({ count: 1_000_000 });
    assert.deepEqual(folder.log, []);
    const { entries } = await store.list('a', 'waiting', undefined, 100_000);
    const there = new Set(entries.map(({ id }) => id));
    assert.ok(kept.every((id) => there.has(id)));
    assert.ok(refused.every((id) => !there.has(id)));
    assert.deepEqual(await store.put(entry('a')), { kind: 'kept' });
  });

  it('refuses a body that does not fit, and goes on', async () => {
    const store = await folder.open();
    const id = newId();
    // A file that fails as on a full disk.
    await symlink('/dev/full', join(folder.data, 'bodies', id));
    const spool = store.spool(id, 'a');
    assert.equal(spool.write(Buffer.alloc(1024 * 1024)), false);
    await new Promise<void>((resolve) => {
      spool.onDrain(resolve);
    });
    assert.equal(spool.write(Buffer.alloc(1)), true, 'what comes now is dropped');
    assert.equal(spool.full, true);
    assert.equal(await spool.finish(), 'full');
    assert.deepEqual(await store.put(entry('a')), { kind: 'kept' });
    assert.equal(store.counts('a').waiting, 1);
  });
});
