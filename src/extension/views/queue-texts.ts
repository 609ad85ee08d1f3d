import { env, l10n } from 'vscode';
import type { Missed, QueueList, QueueState, SignatureTolerance } from '../../agent/index.ts';
import { ordinal, spanText } from '../../shared/figures.ts';
import type { AwayNews } from '../queue/absence.ts';
import { lostCount } from '../queue/away-choices.ts';
import { momentText } from './moment.ts';

/** `12 waiting`, `1 given up`. */
export function countText(list: QueueList, count: number): string {
  return list === 'waiting' ? l10n.t('{0} waiting', count) : l10n.t('{0} given up', count);
}

/** `paused · since 12:03 PM`; what waits has to be something. */
export function waitingText({ paused, oldestAt }: QueueState, now = Date.now()): string {
  return [
    ...(paused ? [l10n.t('paused')] : []),
    ...(oldestAt === undefined
      ? []
      : [l10n.t('since {0}', momentText(oldestAt, now, env.language))]),
  ].join(' · ');
}

/** A queue in one line; empty if there is nothing in it. */
export function queueText(state: QueueState, now = Date.now()): string {
  const { waiting, dead } = state;
  return [
    ...(waiting > 0 ? [countText('waiting', waiting), waitingText(state, now)] : []),
    ...(dead > 0 ? [countText('dead', dead)] : []),
  ].join(' · ');
}

/** `queued`, `queued · 2nd delivery`. */
export function queuedText(delivery: number): string {
  return delivery > 1 ? l10n.t('queued · {0} delivery', ordinal(delivery)) : l10n.t('queued');
}

/** `Signature is 12 min old; Stripe accepts 5 min`. */
export function staleText({ sender, seconds }: SignatureTolerance, ageMs: number): string {
  return l10n.t(
    'Signature is {0} old; {1} accepts {2}',
    spanText(ageMs),
    sender,
    spanText(seconds * 1000),
  );
}

/** What has arrived and what was lost while nobody took requests. */
export function awayText(news: AwayNews): string {
  const { arrived, paused, missed } = news;
  const lost = lostCount(news);
  return [
    ...(arrived > 0 ? [arrivedText(arrived, paused)] : []),
    ...(lost > 0 ? [arrived > 0 ? moreLostText(lost) : lostText(lost)] : []),
    ...(missed === undefined ? [] : [adviceText(missed, news.plan.offline === 'queue')]),
  ].join(' ');
}

function arrivedText(count: number, paused: boolean): string {
  if (paused) {
    return count === 1
      ? l10n.t('1 webhook arrived while you were away.')
      : l10n.t('{0} webhooks arrived while you were away.', count);
  }
  return count === 1
    ? l10n.t('1 webhook arrived while you were away, and is being delivered.')
    : l10n.t('{0} webhooks arrived while you were away, and are being delivered.', count);
}

function moreLostText(count: number): string {
  return l10n.t('{0} more could not be kept.', count);
}

function lostText(count: number): string {
  return count === 1
    ? l10n.t('1 webhook came while you were away, and could not be kept.')
    : l10n.t('{0} webhooks came while you were away, and could not be kept.', count);
}

/** What to do about the likeliest reason. */
function adviceText({ refused, quota, expired }: Missed, queues: boolean): string {
  if (refused > 0) {
    return queues
      ? l10n.t('Only the methods in caronte.queue.methods are kept.')
      : l10n.t('With caronte.whenOffline set to “queue” the proxy keeps them.');
  }
  if (quota > 0)
    return l10n.t('The queue was full; the proxy’s --queue-count and --queue-bytes bound it.');
  return expired > 0
    ? l10n.t('They had waited for too long; the proxy’s --queue-age bounds that.')
    : '';
}
