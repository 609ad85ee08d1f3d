import assert from 'node:assert/strict';
import {
  agreedWait,
  mayBeIdleDeath,
  waitAfterDeath,
  waitAfterLife,
} from '../../../src/agent/poll-wait.ts';

/** What remains of 50 seconds after polls died at these ages, in seconds. */
function after(...ages: readonly number[]): number {
  let wait = agreedWait(50);
  for (const age of ages) wait = waitAfterDeath(wait, wait.seconds, age * 1000, 5);
  return wait.seconds;
}

describe('how long polls wait', () => {
  it('is as agreed until two have died in a row', () => {
    assert.equal(after(), 50);
    assert.equal(after(20), 50);
    assert.equal(after(20, 20), 15);
  });

  it('is three quarters of the younger age, in whole seconds', () => {
    assert.equal(after(20, 30), 15);
    assert.equal(after(30, 20), 15);
    assert.equal(after(29.9, 29.9), 22);
  });

  it('is no less than the least, and never grows', () => {
    assert.equal(after(3, 3), 5);
    assert.equal(after(20, 20, 40, 40), 15);
    assert.equal(waitAfterDeath({ seconds: 3, died: 2_000 }, 3, 2_000, 5).seconds, 3);
  });

  it('stays where a poll has lived longer than the one that died', () => {
    const died = waitAfterDeath(agreedWait(50), 50, 20_000, 5);
    assert.deepEqual(waitAfterLife(died, 20_000), agreedWait(50));
    assert.deepEqual(waitAfterLife(died, 19_999), died);
    assert.deepEqual(waitAfterLife(agreedWait(50), 1), agreedWait(50));
  });

  it('does not change for polls that were opened before it became shorter', () => {
    const wait = { seconds: 15, died: 14_000 };
    assert.equal(waitAfterDeath(wait, 50, 20_000, 5), wait);
  });

  it('has nothing to do with polls that break off at once, or about when they would have ended', () => {
    assert.equal(mayBeIdleDeath(10, 999), false);
    assert.equal(mayBeIdleDeath(10, 1_000), true);
    assert.equal(mayBeIdleDeath(10, 8_999), true);
    assert.equal(mayBeIdleDeath(10, 9_000), false);
  });
});
