import assert from 'node:assert/strict';
import { Today } from '../../../src/extension/history/today.ts';

const NOON = new Date(2026, 0, 15, 12).getTime();
const entry = (at: number, durationMs: number, status?: number): Parameters<Today['add']>[0] => ({
  key: 'k',
  at,
  method: 'GET',
  target: '/',
  outcome: { kind: 'replied' },
  durationMs,
  requestBytes: 0,
  responseBytes: 0,
  ...(status === undefined ? {} : { status }),
});

describe('the figures of the day', () => {
  it('count what arrived since midnight, and take the median of what was answered', () => {
    const today = new Today(() => NOON);
    today.add(entry(NOON - 24 * 3_600_000, 1000, 200));
    for (const ms of [10, 30, 20]) today.add(entry(NOON - 1000, ms, 200));
    today.add(entry(NOON - 1000, 9999));
    assert.deepEqual(today.figures, { count: 4, medianMs: 20 });
  });

  it('begin anew with the next day', () => {
    let now = NOON;
    const today = new Today(() => now);
    today.add(entry(now, 10, 200));
    now += 24 * 3_600_000;
    assert.deepEqual(today.figures, { count: 0, medianMs: undefined });
  });
});
