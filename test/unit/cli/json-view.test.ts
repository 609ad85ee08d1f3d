import assert from 'node:assert/strict';
import type { ExchangeOutcome } from '../../../src/agent/index.ts';
import { jsonView } from '../../../src/cli/view/json-view.ts';
import { ARRIVAL, exchange, ID } from './events.ts';

function parsed(lines: readonly string[]): unknown {
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? '');
}

describe('lines for programs', () => {
  const ended = (outcome: ExchangeOutcome, status?: number) => {
    const subject = jsonView();
    const of = { target: '/a?b', attempts: 2, outcome, ...(status !== undefined && { status }) };
    return parsed(exchange(of).flatMap((event) => subject.exchange(event))) as object;
  };

  it('have the same keys for every exchange', () => {
    assert.deepEqual(ended({ kind: 'replied' }, 200), {
      event: 'exchange',
      time: '2026-11-22T20:15:30.034Z',
      id: ID,
      method: 'POST',
      path: '/a',
      status: 200,
      durationMs: 34,
      attempts: 2,
      queued: null,
      attempt: 1,
      outcome: 'replied',
      code: null,
      detail: null,
    });
    const keys = Object.keys(ended({ kind: 'replied' }));
    const outcomes: readonly ExchangeOutcome[] = [
      { kind: 'kept' },
      { kind: 'copied' },
      { kind: 'failed', code: 'target_timeout', detail: 'x' },
      { kind: 'cancelled', reason: 'caller_gone' },
      { kind: 'undelivered', detail: 'x' },
    ];
    for (const outcome of outcomes) assert.deepEqual(Object.keys(ended(outcome)), keys);
  });

  it('give stable codes of failures and cancellations', () => {
    const failed = { kind: 'failed', code: 'target_timeout', detail: 'slow' } as const;
    const { code, detail, status } = ended(failed) as Record<string, unknown>;
    assert.deepEqual([code, detail, status], ['target_timeout', 'slow', null]);
    const cancelled = ended({ kind: 'cancelled', reason: 'caller_gone' });
    assert.equal((cancelled as { code: string }).code, 'caller_gone');
  });

  it('tell of an exchange from the queue which request it is, and which delivery', () => {
    const subject = jsonView();
    const queued = 'a'.repeat(32);
    const lines = exchange({ queued, delivery: 3 }).flatMap((event) => subject.exchange(event));
    const shown = parsed(lines) as Record<string, unknown>;
    assert.deepEqual([shown['queued'], shown['attempt'], shown['attempts']], [queued, 3, 1]);
  });

  it('tell each state of the queue, and what was missed', () => {
    const subject = jsonView();
    const time = '2026-11-22T20:15:30.000Z';
    const state = { waiting: 12, dead: 1, oldestAt: ARRIVAL, paused: true };
    const queue = { event: 'queue', time, waiting: 12, dead: 1, oldestAt: time, paused: true };
    assert.deepEqual(parsed(subject.queue(state, ARRIVAL)), queue);
    assert.deepEqual(parsed(subject.queue(state, ARRIVAL)), queue);
    const odd = { ...state, oldestAt: Number.MAX_SAFE_INTEGER };
    assert.deepEqual(parsed(subject.queue(odd, ARRIVAL)), { ...queue, oldestAt: null });
    const missed = { refused: 3, quota: 2, expired: 1, since: undefined };
    assert.deepEqual(parsed(subject.missed(missed, ARRIVAL)), {
      event: 'missed',
      time,
      ...missed,
      since: null,
    });
  });

  it('tell every state, with the same keys', () => {
    const subject = jsonView();
    const trouble = { code: 'proxy_unreachable', message: 'refused' } as const;
    const state = (of: Parameters<typeof subject.state>[0]) => parsed(subject.state(of, ARRIVAL));
    const common = { event: 'state', time: '2026-11-22T20:15:30.000Z' };
    assert.deepEqual(state({ kind: 'live', since: 0, publicUrls: ['http://a/'] }), {
      ...common,
      state: 'live',
      urls: ['http://a/'],
      attempt: null,
      delayMs: null,
      trouble: null,
    });
    const retrying = { kind: 'retrying', attempt: 2, delayMs: 500, until: 1, trouble } as const;
    const expected = {
      ...common,
      state: 'retrying',
      urls: null,
      attempt: 2,
      delayMs: 500,
      trouble,
    };
    assert.deepEqual(state(retrying), expected);
    assert.deepEqual(state(retrying), expected);
    assert.deepEqual(Object.keys(state({ kind: 'stopped' }) as object), Object.keys(expected));
  });

  it('introduce, warn and stop', () => {
    const subject = jsonView();
    const about = { version: '1.2.3', code: 'x', proxy: 'http://p', target: 'http://t' };
    assert.deepEqual(parsed(subject.introduction(about)), { event: 'start', ...about });
    assert.deepEqual(JSON.parse(subject.warning({ code: 'c', message: 'm' })), {
      event: 'warning',
      code: 'c',
      message: 'm',
    });
    assert.deepEqual(parsed(subject.stopping({ step: 'closing', inHand: 2 }, ARRIVAL)), {
      event: 'stopping',
      time: '2026-11-22T20:15:30.000Z',
      step: 'closing',
      inHand: 2,
    });
  });

  it('are harmless on a terminal, and give paths unchanged to programs', () => {
    const subject = jsonView();
    const path = '/\u009b2J\u001b[2J\u00e9';
    const lines = exchange({ target: path }).flatMap((event) => subject.exchange(event));
    assert.doesNotMatch(lines[0] ?? '', /\p{Cc}/u);
    assert.equal((parsed(lines) as { path: string }).path, path);
  });
});
