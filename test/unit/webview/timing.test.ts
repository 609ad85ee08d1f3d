import assert from 'node:assert/strict';
import type { Timing } from '../../../src/shared/request-view.ts';
import { timingPicture, timingText } from '../../../src/webview/timing.ts';

const TIMING: Timing = {
  proxyReceivedAt: 990,
  patienceMs: 30_000,
  receivedAt: 1000,
  attempts: [{ at: 1002 }],
  responseAt: 1030,
  responseEndAt: 1032,
  endedAt: 1035,
};

const stretches = (timing: Timing, now = 0): [string, number, number][] =>
  timingPicture(timing, now).stretches.map(({ id, start, ms }) => [id, start, ms]);

describe('the picture of times', () => {
  it('follows the exchange from the proxy to the target and back', () => {
    assert.deepEqual(stretches(TIMING), [
      ['waited', 0, 10],
      ['agent', 10, 2],
      ['target', 12, 28],
      ['body', 40, 2],
      ['back', 42, 3],
    ]);
    const picture = timingPicture(TIMING, 0);
    assert.equal(picture.totalMs, 45);
    assert.match(timingText(picture), /^45 ms in all: Proxy to this machine 10 ms, .* 3 ms\.$/);
  });

  it('leaves the time in the queue out: it is no skew either', () => {
    const picture = timingPicture({ ...TIMING, proxyReceivedAt: -28_800_000 }, 0, true);
    assert.deepEqual([picture.stretches[0]?.id, picture.totalMs], ['agent', 35]);
    assert.equal(picture.skewMs, undefined);
  });

  it('shows the tries that failed as waiting', () => {
    const attempts = [{ at: 1002, failedAt: 1003, detail: 'refused' }, { at: 1010 }];
    const picture = timingPicture({ ...TIMING, attempts }, 0);
    assert.deepEqual(picture.stretches[2], {
      id: 'retries',
      label: 'Waiting for the target',
      start: 12,
      ms: 8,
      note: '2 tries',
    });
  });

  it('leaves the way from the proxy out where the clocks contradict each other', () => {
    for (const [proxyReceivedAt, skew] of [
      [5000, 4000],
      [-100_000, 71_000],
    ] as const) {
      const picture = timingPicture({ ...TIMING, proxyReceivedAt }, 0);
      assert.equal(picture.skewMs, skew);
      assert.equal(picture.stretches[0]?.id, 'agent');
      assert.equal(picture.totalMs, 35);
    }
  });

  it('takes a small difference of the clocks for none', () => {
    const picture = timingPicture({ ...TIMING, proxyReceivedAt: 1020 }, 0);
    assert.equal(picture.skewMs, undefined);
    assert.equal(picture.stretches[0]?.ms, 0);
  });

  it('grows until now while nothing has ended', () => {
    const { responseAt, responseEndAt, endedAt, ...open } = TIMING;
    assert.ok(responseAt && responseEndAt && endedAt);
    assert.deepEqual(stretches(open, 1500), [
      ['waited', 0, 10],
      ['agent', 10, 2],
      ['target', 12, 498],
    ]);
  });

  it('never goes backwards, whatever the marks say', () => {
    const odd = { ...TIMING, responseAt: 900, responseEndAt: 800, endedAt: 700 };
    for (const { ms } of timingPicture(odd, 0).stretches) assert.ok(ms >= 0);
  });
});
