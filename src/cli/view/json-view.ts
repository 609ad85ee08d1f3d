import type { ExchangeOutcome } from '../../agent/index.ts';
import { visibleJson } from './escape.ts';
import { ExchangeLog } from './exchange-log.ts';
import type { View } from './view.ts';

/** Lines for programs: one JSON object each. Members are always there; null where there is none. */
export function jsonView(): View {
  const exchanges = new ExchangeLog();
  return {
    introduction: (about) => [line({ event: 'start', ...about })],

    state: (state, at) => [
      line({
        event: 'state',
        time: iso(at),
        state: state.kind,
        urls: state.kind === 'live' ? state.publicUrls : null,
        attempt: 'attempt' in state ? state.attempt : null,
        delayMs: state.kind === 'retrying' ? state.delayMs : null,
        trouble: ('trouble' in state ? state.trouble : undefined) ?? null,
      }),
    ],

    exchange: (event) => {
      const ended = exchanges.take(event);
      if (ended === undefined) return [];
      const { id, at, method, path, status, durationMs, attempts, outcome } = ended;
      const { queued, delivery } = ended;
      return [
        line({
          event: 'exchange',
          time: iso(at),
          id,
          method,
          path,
          status: status ?? null,
          durationMs,
          attempts,
          queued: queued ?? null,
          attempt: delivery,
          outcome: outcome.kind,
          ...cause(outcome),
        }),
      ];
    },

    queue: ({ waiting, dead, oldestAt, paused }, at) => [
      line({ event: 'queue', time: iso(at), waiting, dead, oldestAt: isoOrNull(oldestAt), paused }),
    ],

    missed: ({ refused, quota, expired, since }, at) => [
      line({ event: 'missed', time: iso(at), refused, quota, expired, since: isoOrNull(since) }),
    ],

    stopping: ({ step, inHand }, at) => [line({ event: 'stopping', time: iso(at), step, inHand })],

    warning: ({ code, message }) => line({ event: 'warning', code, message }),
  };
}

function cause(outcome: ExchangeOutcome): { code: string | null; detail: string | null } {
  switch (outcome.kind) {
    case 'replied':
    case 'kept':
    case 'copied':
      return { code: null, detail: null };
    case 'failed':
      return { code: outcome.code, detail: outcome.detail };
    case 'cancelled':
      return { code: outcome.reason, detail: null };
    case 'undelivered':
      return { code: null, detail: outcome.detail };
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** RFC 3339 in UTC; null if there is no such moment. */
export function isoOrNull(at: number | undefined): string | null {
  // The proxy says when; RFC 3339 ends where `Date` does.
  return at === undefined || Number.isNaN(new Date(at).getTime()) ? null : iso(at);
}

function line(value: object): string {
  return visibleJson(value);
}
