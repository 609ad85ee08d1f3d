import type { Missed, QueueState } from 'caronte-proxy/protocol';

/** A moment for people who read it at the time `now`; both in milliseconds since 1970. */
export type Moment = (at: number, now: number) => string;

/**
 * `12 webhooks wait since 12:03:07, paused: …`; something has to wait. `running` says what becomes of
 * them if they are not paused.
 */
export function waitingLine(
  { waiting, oldestAt, paused }: QueueState,
  now: number,
  moment: Moment,
  running = '',
): string {
  const what = waiting === 1 ? '1 webhook waits' : `${waiting} webhooks wait`;
  const it = waiting === 1 ? 'it' : 'them';
  const how = paused ? `, paused: caronte queue resume delivers ${it}` : running;
  return `${what}${since(oldestAt, now, moment)}${how}`;
}

/** Dead letters; there have to be some. */
export function deadLine(dead: number): string {
  const what = dead === 1 ? '1 was given up' : `${dead} were given up`;
  return `${what}: caronte queue list --state dead`;
}

/** What is gone and why, each with what to do about it. */
export function missedLines(missed: Missed, now: number, moment: Moment): string[] {
  const { refused, quota, expired } = missed;
  const from = missed.since === undefined ? '' : `,${since(missed.since, now, moment)}`;
  return [
    refused > 0 &&
      `${requests(refused)} refused while no agent was there${from}: with --offline queue the proxy keeps them`,
    quota > 0 &&
      `${requests(quota)} refused by a full queue${from}: raise --queue-count or --queue-bytes of the proxy`,
    expired > 0 &&
      `${requests(expired)} dropped after waiting for too long${from}: raise --queue-age of the proxy`,
  ].filter((line) => line !== false);
}

function requests(count: number): string {
  return count === 1 ? '1 request was' : `${count} requests were`;
}

function since(at: number | undefined, now: number, moment: Moment): string {
  return at === undefined ? '' : ` since ${moment(at, now)}`;
}
