import { EXIT, type ExitCode } from 'caronte-proxy/command';
import {
  QUEUE_LISTS,
  type QueueEntry,
  type QueueList,
  type QueueState,
} from 'caronte-proxy/protocol';
import { type SignatureTolerance, staleSignatures } from '../../agent/index.ts';
import { readChoice } from '../tunnel/choice.ts';
import type { TunnelFlags } from '../tunnel/flags.ts';
import { type Bound, readNumber } from '../tunnel/numbers.ts';
import { isoOrNull, pathOf, visibleJson, waitingLine } from '../view/index.ts';
import type { Output, QueueContext } from './output.ts';
import { queuePages } from './pages.ts';
import { tableLines } from './table.ts';

export interface ListFlags extends TunnelFlags {
  readonly state?: string;
  readonly limit?: string;
  readonly json?: true;
}

export interface ListOptions {
  readonly lists: readonly QueueList[];
  /** Requests that are shown at most. */
  readonly limit: number;
  readonly json: boolean;
}

export const LIST_BOUNDS = {
  limit: { min: 1, max: 10_000, is: 'whole number' },
} as const satisfies Readonly<Record<string, Bound>>;

export const LIST_LIMIT = 50;

export function readListOptions(flags: ListFlags, problems: string[]): ListOptions {
  const state = readChoice('--state', flags.state, QUEUE_LISTS, problems);
  return {
    lists: state === undefined ? QUEUE_LISTS : [state],
    limit: readNumber('--limit', flags.limit, LIST_BOUNDS.limit, problems) ?? LIST_LIMIT,
    json: flags.json === true,
  };
}

/** Shows what the queue holds, those that wait before those that were given up. */
export async function listQueue(
  { client, output }: QueueContext,
  { lists, limit, json }: ListOptions,
): Promise<ExitCode> {
  let queue: QueueState | undefined;
  const entries: QueueEntry[] = [];
  for await (const page of queuePages(client, lists, limit + 1)) {
    queue ??= page.queue;
    entries.push(...page.entries);
    if (entries.length > limit) break;
  }
  const shown = entries.slice(0, limit);
  const now = output.now();
  const stale = await staleSignatures(client, shown, now);
  if (json) {
    for (const entry of shown) output.print(jsonLine(entry, stale.get(entry.id)));
    return EXIT.ok;
  }
  if (queue !== undefined) summarize(queue, output);
  if (shown.length > 0) {
    const { style, columns } = output;
    for (const line of tableLines(shown, { style, columns, now, stale })) output.print(line);
  }
  if (entries.length > limit) output.print('… and more: --limit shows as many as you say');
  return EXIT.ok;
}

function summarize(queue: QueueState, { print, style, now, moment }: Output): void {
  const { waiting, dead, paused } = queue;
  if (waiting > 0) print(style.notable(waitingLine(queue, now(), moment)));
  else if (paused)
    print(style.notable('nothing waits, and what comes will wait for: caronte queue resume'));
  else print(dead > 0 ? 'nothing waits' : 'the queue is empty');
  if (dead === 0) return;
  const what = dead === 1 ? '1 was given up' : `${dead} were given up`;
  print(
    style.bad(`${what}: caronte queue deliver --all delivers ${dead === 1 ? 'it' : 'them'} again`),
  );
}

/** Without the query, which may hold credentials. */
function jsonLine(entry: QueueEntry, stale: SignatureTolerance | undefined): string {
  const { id, state, method, target, receivedAt, size, attempts } = entry;
  return visibleJson({
    id,
    state,
    method,
    path: pathOf(target).path,
    receivedAt: isoOrNull(receivedAt),
    size,
    attempts,
    dueInSeconds: entry.dueInSeconds ?? null,
    reason: entry.reason ?? null,
    signatureTooOldFor: stale?.sender ?? null,
  });
}
