import type { ExchangeOutcome } from '../../agent/index.ts';
import { visible } from './escape.ts';
import type { EndedExchange } from './exchange-log.ts';
import { duration, ordinal } from './figures.ts';

/** Outcomes of which the status says enough. */
const QUIET: ReadonlySet<ExchangeOutcome['kind']> = new Set(['replied', 'kept', 'copied']);

/** What follows the path: status, how it ended, and how long it took. */
export function outcomeText(ended: EndedExchange): string {
  const { status, durationMs, attempts, outcome } = ended;
  const words = [
    status === undefined ? '' : String(status),
    QUIET.has(outcome.kind) ? '' : outcome.kind,
    duration(durationMs),
    attempts > 1 ? `(${attempts} attempts)` : '',
    queuedText(ended),
    outcome.kind === 'kept' ? '(not sent back)' : '',
    outcome.kind === 'copied' ? '(copy)' : '',
  ].filter((word) => word !== '');
  const why = reason(ended);
  return `${words.join(' ')}${why === undefined ? '' : `: ${visible(why)}`}`;
}

function queuedText({ queued, delivery }: EndedExchange): string {
  if (queued === undefined) return '';
  return delivery === 1 ? '(queued)' : `(queued, ${ordinal(delivery)} delivery)`;
}

const FAILED = {
  target_unreachable: 'the target could not be reached',
  target_broke_off: 'the target broke off',
  target_timeout: 'the target took too long',
  agent_refused: 'the request could not be passed on',
} as const;

const CANCELLED = {
  caller_gone: 'the caller left',
  response_timeout: 'the caller got no answer in time',
  session_lost: 'the agent was stopped, or lost its connection to the proxy',
} as const;

/** The same of a request from the queue: its caller has gone with a 202. */
const WITHDRAWN = {
  caller_gone: 'the proxy took it back',
  response_timeout: 'the target took too long',
  session_lost: CANCELLED.session_lost,
} as const;

function reason({ outcome, queued }: EndedExchange): string | undefined {
  switch (outcome.kind) {
    case 'failed':
      return `${FAILED[outcome.code]}: ${outcome.detail}`;
    case 'cancelled':
      return (queued === undefined ? CANCELLED : WITHDRAWN)[outcome.reason];
    case 'undelivered':
      return outcome.detail;
    default:
      return undefined;
  }
}
