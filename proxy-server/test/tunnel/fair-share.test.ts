import assert from 'node:assert/strict';
import { type Balanced, fairShare } from '../../src/tunnel/balance.ts';

function agent(room: number, inHand: number, longestPoll = 0): Balanced {
  return { room, inHand, longestPoll };
}

function shares(all: readonly Balanced[], waiting: number): number[] {
  return all.map((one) => fairShare(all, one, waiting));
}

describe('the share of an agent', () => {
  it('is equal among those that have equally much in hand', () => {
    assert.deepEqual(shares([agent(100, 0, 1), agent(100, 0, 2), agent(100, 0, 3)], 9), [3, 3, 3]);
  });

  it('is the odd one for whose poll has waited longest', () => {
    assert.deepEqual(shares([agent(100, 0, 7), agent(100, 0, 2), agent(100, 0, 5)], 1), [0, 1, 0]);
    assert.deepEqual(shares([agent(100, 0, 7), agent(100, 0, 2), agent(100, 0, 5)], 5), [1, 2, 2]);
  });

  it('evens out what they have in hand', () => {
    assert.deepEqual(shares([agent(100, 5), agent(100, 1)], 4), [0, 4]);
    assert.deepEqual(shares([agent(100, 5), agent(100, 1)], 8), [2, 6]);
  });

  it('is no more than the room of its polls, and the others get the rest', () => {
    assert.deepEqual(shares([agent(2, 0), agent(100, 50)], 10), [2, 8]);
    assert.deepEqual(shares([agent(0, 0), agent(100, 50)], 10), [0, 10]);
    assert.deepEqual(shares([agent(2, 0), agent(3, 0)], 10), [2, 3]);
  });

  it('is all for one that is alone, and nothing of nothing', () => {
    assert.deepEqual(shares([agent(100, 7)], 10), [10]);
    assert.deepEqual(shares([agent(100, 0), agent(100, 0)], 0), [0, 0]);
  });
});
