import type { ExchangeEvent } from '../../agent/index.ts';

/** How the target did when it was last called. */
export type TargetHealth =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'answers'; readonly at: number; readonly status: number }
  | { readonly kind: 'fails'; readonly at: number; readonly detail: string };

/** The health after an event; the same object if the event says nothing about it. */
export function nextHealth(before: TargetHealth, event: ExchangeEvent): TargetHealth {
  switch (event.type) {
    case 'response':
      return { kind: 'answers', at: event.at, status: event.status };
    case 'attempt-failed':
      return { kind: 'fails', at: event.at, detail: event.detail };
    case 'ended':
      return event.outcome.kind === 'failed'
        ? { kind: 'fails', at: event.at, detail: event.outcome.detail }
        : before;
    case 'received':
    case 'request-data':
    case 'attempt':
    case 'response-data':
    case 'response-end':
      return before;
  }
}
