import assert from 'node:assert/strict';
import { nearest } from '../../src/config/index.ts';

describe('nearest', () => {
  const known = ['port', 'host', 'maxBody', 'maxTimeoutResponse'];

  for (const [word, expected] of [
    ['port', 'port'],
    ['prot', 'port'],
    ['PORT', 'port'],
    ['hots', 'host'],
    ['max_body', 'maxBody'],
    ['maxbdy', 'maxBody'],
    ['maxTimeoutReply', 'maxTimeoutResponse'],
    ['colour', undefined],
    ['p', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ] as const) {
    it(`takes ${JSON.stringify(word.slice(0, 20))} for ${expected ?? 'none of them'}`, () => {
      assert.equal(nearest(word, known), expected);
    });
  }
});
