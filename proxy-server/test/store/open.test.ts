import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../src/routing/index.ts';
import { loadSqlite } from '../../src/store/worker/sqlite.ts';
import { startChild } from './child.ts';
import { entry, fill, putSpooled, StoreFolder } from './folder.ts';

describe('the folder of a store', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  let folder: StoreFolder;

  beforeEach(() => {
    folder = new StoreFolder();
  });
  afterEach(() => folder.remove());

  const names = async (): Promise<string[]> => (await readdir(folder.data)).toSorted();
  const database = (): string => join(folder.data, 'queue.db');
  const errors = () => folder.log.filter(({ level }) => level === 'error');

  it('is made for nobody but its owner, with all that is in it', async () => {
    const store = await folder.open();
    await store.put(entry('a'));
    assert.equal((await stat(folder.data)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder.data, 'bodies'))).mode & 0o777, 0o700);
    for (const name of ['queue.db', 'queue.db-wal', 'ballast']) {
      assert.equal((await stat(join(folder.data, name))).mode & 0o777, 0o600, name);
    }
    assert.deepEqual(folder.log, []);
  });

  it('is opened once at a time, by one process', async () => {
    const store = await folder.open();
    await store.put(entry('a'));
    const busy = `The folder ${folder.data} is in use by another proxy: each needs a --data-dir of its own.`;
    const second = new StoreFolder();
    second.path = folder.path;
    await assert.rejects(second.open(), { message: busy });
    const other = startChild('open', folder.data);
    const [said] = (await once(other.stdout, 'data')) as [Buffer];
    assert.equal(said.toString(), `${busy}\n`);
    assert.deepEqual(await store.put(entry('a')), { kind: 'kept' });
    assert.equal((await folder.reopen()).counts('a').waiting, 2);
  });

  it('is left alone if a newer version has written it', async () => {
    await folder.open();
    await folder.close();
    const db = loadSqlite(import.meta.url)(database());
    db.exec('PRAGMA user_version = 99');
    db.close();
    const before = await readFile(database());
    await assert.rejects(folder.open(), /newer version of Caronte \(format 99; this one knows 1\)/);
    assert.deepEqual(await readFile(database()), before);
  });

  it('says why it cannot be used', async () => {
    await folder.make();
    await writeFile(folder.data, 'a file');
    await assert.rejects(folder.open(), new RegExp(`The folder ${folder.data} cannot be used: E`));
  });

  const DAMAGES: Readonly<Record<string, (path: string) => Promise<void>>> = {
    'is something else': (path) => writeFile(path, randomBytes(20_000)),
    'is shorter than it was': async (path) => truncate(path, (await stat(path)).size - 8_192),
    'has other bytes in the middle': async (path) => {
      const file = await open(path, 'r+');
      await file.write(randomBytes(12_288), 0, 12_288, 8_192);
      await file.close();
    },
  };

  for (const [what, damage] of Object.entries(DAMAGES)) {
    it(`has its database set aside if that ${what}, and begins anew`, async () => {
      await putSpooled(await folder.open(), entry('a'), randomBytes(70_000));
      await fill(folder.store, 'a', 50);
      await folder.close();
      await damage(database());
      const damaged = await readFile(database());
      const store = await folder.open();
      assert.deepEqual(store.codes(), []);
      const [error] = errors();
      const { file = '' } = (error?.details ?? {}) as { readonly file?: string };
      assert.match(file, /queue\.db\.damaged-2023-11-14T/);
      assert.match(error?.message ?? '', /set aside, with its bodies/);
      assert.deepEqual(await readFile(file), damaged);
      const aside = (await names()).find((name) => name.startsWith('bodies.damaged-')) ?? '';
      assert.equal((await readdir(join(folder.data, aside))).length, 1);
      assert.deepEqual(await store.put(entry('a')), { kind: 'kept' });
      assert.equal((await folder.reopen()).counts('a').waiting, 1);
    });
  }

  it('has an entry set aside whose body is lost or not as long as it was', async () => {
    const [lost, short, whole] = [entry('a'), entry('a'), entry('a')];
    await folder.open();
    for (const one of [lost, short, whole]) {
      await putSpooled(folder.store, one, randomBytes(70_000));
    }
    await folder.close();
    await rm(join(folder.data, 'bodies', lost.id));
    await truncate(join(folder.data, 'bodies', short.id), 60_000);
    const store = await folder.open();
    assert.deepEqual(
      errors().map(({ details }) => (details as { id: string }).id),
      [lost.id, short.id],
    );
    const { entries } = await store.list('a', 'dead', undefined, 9);
    assert.deepEqual(
      entries.map(({ id, reason }) => [id, reason]),
      [
        [lost.id, 'body_missing'],
        [short.id, 'body_wrong_size'],
      ],
    );
    assert.equal(await store.deliverAgain('a', 'all dead'), 0);
    assert.equal(await store.deliverAgain('a', [lost.id, short.id]), 0);
    assert.deepEqual(
      (await store.lease('a', 9)).entries.map(({ id }) => id),
      [whole.id],
    );
    folder.log.length = 0;
    await folder.reopen();
    assert.deepEqual(errors(), [], 'it is said once');
    assert.deepEqual(
      (await readdir(join(folder.data, 'bodies'))).toSorted(),
      [short.id, whole.id].toSorted(),
    );
  });

  it('is rid of bodies that no entry has, and of nothing else', async () => {
    await folder.open();
    await folder.close();
    await writeFile(join(folder.data, 'bodies', newId()), 'never accepted');
    await writeFile(join(folder.data, 'bodies', 'notes.txt'), 'somebody’s');
    await folder.open();
    assert.deepEqual(await readdir(join(folder.data, 'bodies')), ['notes.txt']);
  });
});
