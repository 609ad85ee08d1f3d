import type { Timing } from '../shared/request-view.ts';
import { durationText } from '../shared/figures.ts';

/** A stretch of an exchange. */
export interface Stretch {
  readonly id: 'waited' | 'agent' | 'retries' | 'target' | 'body' | 'back';
  readonly label: string;
  /** From the start of the first stretch, in milliseconds. */
  readonly start: number;
  readonly ms: number;
  /** What there is to know beyond the time. */
  readonly note?: string;
}

export interface TimingPicture {
  readonly stretches: readonly Stretch[];
  readonly totalMs: number;
  /** Why the way from the proxy is not shown: its clock and this one differ. */
  readonly skewMs: number | undefined;
}

/** Times of two clocks that differ by less than this still make a picture, in milliseconds. */
const TOLERATED_SKEW = 50;

/**
 * Cuts an exchange into stretches. `now` ends what has not ended. The first stretch is measured by
 * two clocks: if that cannot be right (it would have taken less than nothing, or longer than the
 * caller waits), it is left out, and the picture says by how much the clocks differ at least. That a
 * request was queued is no part of the picture either: hours would leave no room for the rest.
 */
export function timingPicture(timing: Timing, now: number, queued = false): TimingPicture {
  const { receivedAt, attempts, responseAt, responseEndAt } = timing;
  const waited = receivedAt - timing.proxyReceivedAt;
  const plausible =
    !queued && waited >= -TOLERATED_SKEW && waited <= timing.patienceMs + TOLERATED_SKEW;
  const skewMs =
    plausible || queued ? undefined : waited < 0 ? -waited : waited - timing.patienceMs;
  const end = timing.endedAt ?? now;
  const first = attempts[0]?.at ?? end;
  const last = attempts.at(-1);
  const lastAt = last?.at ?? end;
  const answered = responseAt ?? last?.failedAt ?? end;
  const done = responseEndAt ?? end;

  const marks: { id: Stretch['id']; label: string; to: number; note?: string; show: boolean }[] = [
    { id: 'agent', label: 'To the target', to: first, show: attempts.length > 0 },
    {
      id: 'retries',
      label: 'Waiting for the target',
      to: lastAt,
      note: `${attempts.length} tries`,
      show: attempts.length > 1,
    },
    {
      id: 'target',
      label: responseAt === undefined ? 'Target, without an answer' : 'Target, to its first byte',
      to: answered,
      show: attempts.length > 0,
    },
    { id: 'body', label: 'Response body', to: done, show: responseAt !== undefined },
    { id: 'back', label: 'Back to the proxy', to: end, show: responseEndAt !== undefined },
  ];
  const offset = plausible ? Math.max(0, waited) : 0;
  const stretches: Stretch[] = plausible
    ? [{ id: 'waited', label: 'Proxy to this machine', start: 0, ms: offset }]
    : [];
  let from = receivedAt;
  for (const { id, label, to, note, show } of marks) {
    if (!show) continue;
    const until = Math.max(from, to);
    stretches.push({
      id,
      label,
      start: offset + from - receivedAt,
      ms: until - from,
      ...(note === undefined ? {} : { note }),
    });
    from = until;
  }
  return { stretches, totalMs: offset + Math.max(0, end - receivedAt), skewMs };
}

/** The picture in one sentence, for those who do not see it. */
export function timingText({ stretches, totalMs }: TimingPicture): string {
  const parts = stretches.map(({ label, ms, note }) =>
    [label, durationText(ms), ...(note === undefined ? [] : [note])].join(' '),
  );
  return `${durationText(totalMs)} in all: ${parts.join(', ')}.`;
}
