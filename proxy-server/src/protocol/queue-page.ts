import { type QueueState, readQueueState } from './queue.ts';
import { id, object, whole, wrong } from './read-json.ts';

/** What may be listed: requests that wait or are being delivered, and those that were given up. */
export const QUEUE_LISTS = ['waiting', 'dead'] as const;

export type QueueList = (typeof QUEUE_LISTS)[number];

/** Requests of one page unless it is asked for fewer, and at most. */
export const PAGE_LIMIT = { usual: 50, most: 200 } as const;

const STATES = ['waiting', 'delivering', 'dead'] as const;

export type EntryState = (typeof STATES)[number];

/** A request that the queue holds, as a list shows it. */
export interface QueueEntry {
  /** The same for all of its deliveries; callers and targets know it, too. */
  readonly id: string;
  readonly state: EntryState;
  readonly method: string;
  /** Path and query for the target, in Latin-1. */
  readonly target: string;
  /** In milliseconds since 1970, by the proxy's clock. */
  readonly receivedAt: number;
  /** Of the body, in bytes. */
  readonly size: number;
  /** Deliveries so far. */
  readonly attempts: number;
  /** Until the next delivery; absent if no delivery has failed. */
  readonly dueInSeconds?: number;
  /** Why the last delivery failed, or why the request was given up. */
  readonly reason?: string;
}

/** One request with all that is known of it but its body. */
export interface QueuedRequest extends QueueEntry {
  readonly httpVersion: string;
  /** The caller's network address. */
  readonly caller: string;
  /** Names and values in turn, in Latin-1. */
  readonly fields: readonly string[];
}

/** A part of a list, the oldest first. */
export interface QueuePage {
  readonly queue: QueueState;
  readonly entries: readonly QueueEntry[];
  /** What is to be given as `after` for the next page; null on the last one. */
  readonly next: number | null;
}

/** Which requests are to be delivered or discarded: those, or all of a list. */
export type QueueChoice<All extends QueueList = QueueList> =
  { readonly ids: readonly string[] } | { readonly all: All };

/** Ids that one request may name; the whole of it is smaller than a hello may be. */
export const MAX_CHOSEN = 400;

/** Reads a page from parsed JSON. Throws MalformedError that names the wrong member. */
export function readQueuePage(value: unknown): QueuePage {
  const page = object(value, 'page');
  const { queue, entries, next } = page;
  if (!Array.isArray(entries)) throw wrong('entries');
  return {
    queue: readQueueState(queue),
    entries: entries.map(readEntry),
    next: next === null ? null : whole(next, 'next'),
  };
}

/** Reads one request from parsed JSON. */
export function readQueuedRequest(value: unknown): QueuedRequest {
  const request = object(value, 'request');
  const { fields } = request;
  if (!Array.isArray(fields) || !fields.every((item): item is string => typeof item === 'string')) {
    throw wrong('fields');
  }
  return {
    ...readEntry(request),
    httpVersion: anyText(request['httpVersion'], 'httpVersion'),
    caller: anyText(request['caller'], 'caller'),
    fields,
  };
}

/** Reads what is to be delivered or discarded; `lists` may be chosen as a whole. */
export function readQueueChoice<All extends QueueList>(
  value: unknown,
  lists: readonly All[],
): QueueChoice<All> {
  const { ids, all } = object(value, 'choice');
  if (all !== undefined) {
    const list = lists.find((known) => known === all);
    if (list === undefined || ids !== undefined) throw wrong('all');
    return { all: list };
  }
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_CHOSEN) throw wrong('ids');
  return { ids: ids.map((one) => id(one, 'ids')) };
}

/** Reads how many requests were delivered or discarded. */
export function readQueueCount(value: unknown): number {
  return whole(object(value, 'answer')['count'], 'count');
}

/** Reads the answer to a pause or its end. */
export function readQueueAnswer(value: unknown): QueueState {
  return readQueueState(object(value, 'answer')['queue']);
}

function readEntry(value: unknown): QueueEntry {
  const entry = object(value, 'entry');
  const { dueInSeconds, reason } = entry;
  const state = STATES.find((known) => known === entry['state']);
  if (state === undefined) throw wrong('state');
  return {
    id: id(entry['id'], 'id'),
    state,
    method: anyText(entry['method'], 'method'),
    target: anyText(entry['target'], 'target'),
    receivedAt: whole(entry['receivedAt'], 'receivedAt'),
    size: whole(entry['size'], 'size'),
    attempts: whole(entry['attempts'], 'attempts'),
    ...(isGiven(dueInSeconds) && { dueInSeconds: whole(dueInSeconds, 'dueInSeconds') }),
    ...(isGiven(reason) && { reason: anyText(reason, 'reason') }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Text that may hold any character: it is data, and whoever shows it takes care. */
function anyText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(name);
  return value;
}
