import assert from 'node:assert/strict';
import { Rate } from '../../src/queue/rate.ts';

describe('a rate', () => {
  it('of 0 sets no bound', () => {
    const rate = new Rate(0, 0);
    rate.take(1_000_000);
    assert.equal(rate.room(0).count, Infinity);
  });

  it('lets so many begin at once, and then one whenever its time has come', () => {
    const rate = new Rate(10, 0);
    assert.equal(rate.room(0).count, 10);
    rate.take(10);
    assert.deepEqual(rate.room(0), { count: 0, inMs: 100 });
    assert.equal(rate.room(99).count, 0);
    assert.equal(rate.room(100).count, 1);
  });

  it('does not save up for longer than a second', () => {
    const rate = new Rate(10, 0);
    assert.equal(rate.room(3_600_000).count, 10);
  });
});
