import assert from 'node:assert/strict';
import { retryAfterMs } from '../../src/queue/retry-after.ts';
import { type DeliveryEnd, pauseMs, verdictOn } from '../../src/queue/verdict.ts';

const NOW = Date.UTC(2026, 0, 1);

const CIRCUMSTANCES = {
  failures: 0,
  maxFailures: 16,
  refused: 'settle',
  now: NOW,
  random: 1,
} as const;

function answered(status: number, retryAfter?: string): DeliveryEnd {
  return { kind: 'answered', status, retryAfter };
}

describe('the verdict on a delivery', () => {
  for (const status of [200, 201, 202, 204, 299]) {
    it(`is that it is done after ${status}`, () => {
      assert.deepEqual(verdictOn(answered(status), CIRCUMSTANCES), { kind: 'done' });
    });
  }

  for (const status of [500, 502, 503, 504, 599, 408, 429]) {
    it(`is to try again after ${status}`, () => {
      const verdict = verdictOn(answered(status), CIRCUMSTANCES);
      assert.deepEqual(verdict, {
        kind: 'retry',
        afterMs: 2_000,
        reason: `the target answered ${status}`,
      });
    });
  }

  for (const status of [301, 304, 400, 404, 410, 422]) {
    it(`is what the tunnel says of refused requests after ${status}`, () => {
      const verdict = (refused: 'settle' | 'dead' | 'retry'): string =>
        verdictOn(answered(status), { ...CIRCUMSTANCES, refused }).kind;
      assert.equal(verdict('settle'), 'done');
      assert.equal(verdict('dead'), 'dead');
      assert.equal(verdict('retry'), 'retry');
    });
  }

  for (const code of ['no_agent', 'target_unreachable', 'draining', 'too_many_waiting'] as const) {
    it(`is that the request keeps its place after ${code}, however often that happens`, () => {
      const end: DeliveryEnd = { kind: 'failed', code, acknowledged: true };
      const verdict = verdictOn(end, { ...CIRCUMSTANCES, failures: 15 });
      assert.deepEqual(verdict, { kind: 'hold', reason: code });
    });
  }

  it('is that it keeps its place if the agent was lost before it said that it has it', () => {
    const end: DeliveryEnd = { kind: 'failed', code: 'agent_lost', acknowledged: false };
    assert.equal(verdictOn(end, CIRCUMSTANCES).kind, 'hold');
  });

  for (const code of ['agent_lost', 'target_timeout', 'target_broke_off'] as const) {
    it(`is to try again after ${code}, since the target may have seen it`, () => {
      const end: DeliveryEnd = { kind: 'failed', code, acknowledged: true };
      assert.equal(verdictOn(end, CIRCUMSTANCES).kind, 'retry');
    });
  }

  it('is that it is given up at the last of the failures that are allowed', () => {
    const last = { ...CIRCUMSTANCES, failures: 15 };
    assert.equal(verdictOn(answered(500), { ...last, failures: 14 }).kind, 'retry');
    assert.deepEqual(verdictOn(answered(500), last), {
      kind: 'dead',
      reason: 'the target answered 500',
    });
  });

  it('waits for as long as the target asks, if that is longer', () => {
    const after = (text: string): unknown => {
      const verdict = verdictOn(answered(503, text), CIRCUMSTANCES);
      return verdict.kind === 'retry' ? verdict.afterMs : verdict.kind;
    };
    assert.equal(after('120'), 120_000);
    assert.equal(after('1'), 2_000);
    assert.equal(after(new Date(NOW + 90_000).toUTCString()), 90_000);
    assert.equal(after('soon'), 2_000);
  });
});

describe('the pause after a failure', () => {
  it('doubles from 2 s up to an hour', () => {
    const whole = Array.from({ length: 14 }, (_, failures) =>
      pauseMs(failures, 2_000, 3_600_000, 1),
    );
    assert.deepEqual(whole.slice(0, 5), [2_000, 4_000, 8_000, 16_000, 32_000]);
    assert.equal(whole.at(-1), 3_600_000);
    assert.equal(pauseMs(10_000, 2_000, 3_600_000, 1), 3_600_000);
  });

  it('is half chance', () => {
    assert.equal(pauseMs(3, 2_000, 3_600_000, 0), 8_000);
    assert.equal(pauseMs(3, 2_000, 3_600_000, 0.5), 12_000);
  });
});

describe('Retry-After', () => {
  it('is a number of seconds, or a date', () => {
    assert.equal(retryAfterMs('0', NOW), 0);
    assert.equal(retryAfterMs(' 17 ', NOW), 17_000);
    assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:01:00 GMT', NOW), 60_000);
  });

  it('that lies in the past asks for no pause', () => {
    assert.equal(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', NOW), 0);
  });

  it('cannot ask for more than a day', () => {
    assert.equal(retryAfterMs('999999999', NOW), 86_400_000);
    assert.equal(retryAfterMs('Thu, 01 Jan 2099 00:00:00 GMT', NOW), 86_400_000);
  });

  for (const value of [undefined, '', '-1', '1.5', '1e3', '2026-01-01', 'tomorrow', '0x10']) {
    it(`is not ${JSON.stringify(value)}`, () => {
      assert.equal(retryAfterMs(value, NOW), undefined);
    });
  }
});
