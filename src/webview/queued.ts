import { ordinal, spanText } from '../shared/figures.ts';
import type { QueuedDelivery, Timing } from '../shared/request-view.ts';

/** `Queued for 12 min · 2nd delivery`. */
export function queuedLine(
  { attempt }: QueuedDelivery,
  { proxyReceivedAt, receivedAt }: Pick<Timing, 'proxyReceivedAt' | 'receivedAt'>,
): string {
  const waited = `Queued for ${spanText(receivedAt - proxyReceivedAt)}`;
  return attempt > 1 ? `${waited} · ${ordinal(attempt)} delivery` : waited;
}

/** Why the target may have refused it, although nothing is wrong with the request; empty if nothing is. */
export function staleWarning(
  queued: QueuedDelivery | undefined,
  { proxyReceivedAt, receivedAt }: Pick<Timing, 'proxyReceivedAt' | 'receivedAt'>,
): string[] {
  if (queued?.stale === undefined) return [];
  const { sender, seconds } = queued.stale;
  const age = spanText(receivedAt - proxyReceivedAt);
  return [`Signature was ${age} old; ${sender} accepts ${spanText(seconds * 1000)}.`];
}
