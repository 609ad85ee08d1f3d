import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bodyFor, startChild } from './child.ts';
import { bodyOf, StoreFolder } from './folder.ts';

/** Where the process dies by itself; else it is killed once it has kept so many. */
const ROUNDS = [
  { failPoint: '', after: 150 },
  { failPoint: 'before_fsync:20', after: Infinity },
  { failPoint: 'after_fsync:20', after: Infinity },
  { failPoint: 'body_spooled:20', after: Infinity },
  { failPoint: '', after: 400 },
];

describe('a store whose process is killed', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const folder = new StoreFolder();

  before(() => folder.make());
  after(() => folder.remove());

  it('has every request that it said it had, with its body', async function () {
    this.timeout(60_000);
    const said: string[] = [];
    for (const { failPoint, after } of ROUNDS) {
      const child = startChild('put', folder.data, { failPoint });
      const ended = once(child, 'exit');
      let count = 0;
      for await (const line of createInterface(child.stdout)) {
        said.push(line);
        count += 1;
        if (count === after) child.kill('SIGKILL');
      }
      assert.deepEqual(await ended, [null, 'SIGKILL'], failPoint);
      assert.ok(count > 0, `nothing was kept before ${failPoint}`);
    }

    const store = await folder.open({ count: 1_000_000, bytes: 1e9, totalBytes: 1e9 });
    assert.deepEqual(folder.log, []);
    const kept = new Set<string>();
    const spooled: string[] = [];
    for (;;) {
      const { entries } = await store.lease('a', 200);
      if (entries.length === 0) break;
      for (const { id, body, attempt } of entries) {
        kept.add(id);
        assert.equal(attempt, 1);
        if (body.kind === 'spooled') spooled.push(id);
        const bytes = body.kind === 'inline' ? body.bytes : await bodyOf(store, id, 'a');
        assert.ok(bytes.equals(bodyFor(id)), `the body of ${id}`);
      }
    }
    assert.deepEqual(
      said.filter((id) => !kept.has(id)),
      [],
    );
    assert.ok(spooled.length > 10, 'large bodies were among them');
    const files = await readdir(join(folder.data, 'bodies'));
    assert.deepEqual(files.toSorted(), spooled.toSorted(), 'no file is left that nobody has');
    // What was on disk when its process died, and nobody had heard of it.
    assert.ok(kept.size < said.length + ROUNDS.length * 100);
  });
});
