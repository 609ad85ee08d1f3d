import type { QueuedRequest, QueueEntry, QueuePage, QueueState } from '../protocol/index.ts';
import type { Entry, Listed } from '../store/index.ts';

/** A page of a queue, as `docs/protocol.md` describes it. */
export function pageJson(
  queue: QueueState,
  { entries, next }: { readonly entries: readonly Listed[]; readonly next: number | undefined },
): QueuePage {
  return { queue, entries: entries.map(listedJson), next: next ?? null };
}

/** One request of a queue, with all but its body. */
export function entryJson(entry: Entry): QueuedRequest {
  const { httpVersion, caller, fields } = entry.head;
  return { ...listedJson(entry.listed), httpVersion, caller, fields };
}

function listedJson(entry: Listed): QueueEntry {
  const { id, state, method, target, receivedAt, size, attempts, dueInMs, reason } = entry;
  return {
    id,
    state,
    method,
    target,
    receivedAt,
    size,
    attempts,
    ...(reason !== undefined && { reason }),
    // What has never failed is due whenever somebody can take it.
    ...(reason !== undefined &&
      dueInMs !== undefined && { dueInSeconds: Math.ceil(dueInMs / 1000) }),
  };
}
