import assert from 'node:assert/strict';
import { IdTable, type Identified } from '../../src/protocol/index.ts';
import { mulberry32 } from '../support/random.ts';

interface Item extends Identified<Item> {
  readonly id: string;
}

function item(id: string): Item {
  return { id, nextInTable: undefined };
}

/** The first three digits choose the bucket. */
function sameBucket(count: number): Item[] {
  return Array.from({ length: count }, (_, at) => item(`abc${String(at).padStart(29, '0')}`));
}

describe('a table of ids', () => {
  it('finds what was added, and nothing else', () => {
    const table = new IdTable<Item>();
    const one = item('0'.repeat(32));
    table.add(one);
    assert.equal(table.find('0'.repeat(32)), one);
    assert.equal(table.find(`${'0'.repeat(31)}1`), undefined);
    assert.equal(table.size, 1);
  });

  it('tells apart ids that fall into one bucket', () => {
    const table = new IdTable<Item>();
    const items = sameBucket(50);
    for (const one of items) table.add(one);
    for (const one of items) assert.equal(table.find(one.id), one);
    assert.equal(table.size, 50);
  });

  for (const at of [0, 2, 4]) {
    it(`loses only the one that is removed, from place ${at} of 5 in a bucket`, () => {
      const table = new IdTable<Item>();
      const items = sameBucket(5);
      for (const one of items) table.add(one);
      const removed = items[at] as Item;
      assert.equal(table.remove(removed), true);
      assert.equal(table.find(removed.id), undefined);
      assert.equal(removed.nextInTable, undefined, 'it keeps no other alive');
      assert.deepEqual(
        items.filter((one) => table.find(one.id) === one),
        items.filter((one) => one !== removed),
      );
      assert.equal(table.size, 4);
    });
  }

  it('does not count what it does not hold when that is removed', () => {
    const table = new IdTable<Item>();
    const [here, gone, never] = sameBucket(3) as [Item, Item, Item];
    table.add(here);
    table.add(gone);
    assert.equal(table.remove(gone), true);
    assert.equal(table.remove(gone), false);
    assert.equal(table.remove(never), false);
    assert.equal(table.remove(item(here.id)), false, 'another item with the same id');
    assert.equal(table.size, 1);
  });

  it('takes an item again that was removed', () => {
    const table = new IdTable<Item>();
    const [one, two] = sameBucket(2) as [Item, Item];
    table.add(one);
    table.add(two);
    table.remove(one);
    table.add(one);
    assert.deepEqual(new Set(table.values()), new Set([one, two]));
  });

  for (const text of ['', 'z', '/../', '__proto__', '\uffff\uffff\uffff', ' '.repeat(32), 'ABC']) {
    it(`finds nothing under ${JSON.stringify(text)}, which is no id`, () => {
      const table = new IdTable<Item>();
      for (const one of sameBucket(3)) table.add(one);
      table.add(item('0'.repeat(32)));
      assert.equal(table.find(text), undefined);
    });
  }

  it('lists all it holds, in a copy', () => {
    const table = new IdTable<Item>();
    const random = mulberry32(1);
    const items = Array.from({ length: 2000 }, (_, at) =>
      item(
        Math.floor(random() * 4096)
          .toString(16)
          .padStart(3, '0') + String(at).padStart(29, '0'),
      ),
    );
    for (const one of items) table.add(one);
    const all = table.values();
    for (const one of all) table.remove(one);
    assert.equal(table.size, 0);
    assert.deepEqual(table.values(), []);
    assert.deepEqual(new Set(all), new Set(items));
    assert.equal(all.length, items.length);
  });
});
