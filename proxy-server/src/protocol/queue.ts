import type { Bytes } from './bytes.ts';
import { wholeNumber } from './exchange.ts';
import { object, text, whole, wrong } from './read-json.ts';
import { RECORD, textRecord } from './record.ts';

/** What becomes of requests that nobody can take now. */
export const OFFLINE = ['refuse', 'queue'] as const;

export type Offline = (typeof OFFLINE)[number];

/**
 * What becomes of a queued request that the target refuses: a 4xx other than 408 and 429, or a 3xx.
 * `settle`: it is done. `dead`: it becomes a dead letter. `retry`: it is delivered again, as after a 5xx.
 */
export const REFUSED = ['settle', 'dead', 'retry'] as const;

export type Refused = (typeof REFUSED)[number];

/** How the requests of a tunnel are kept, and how they are delivered. */
export interface QueuePolicy {
  /** Methods whose requests may be queued; others are refused while nobody can take them. */
  readonly methods: readonly string[];
  /** Deliveries at once, from 1 to {@link MAX_PARALLEL}; 1 keeps the order. */
  readonly parallel: number;
  /** Deliveries begun in a second at most; 0: as many as the target answers. */
  readonly perSecond: number;
  readonly refused: Refused;
  /** A request whose sender's own id came within so many seconds before is not kept again; 0: it is. */
  readonly dedupeSeconds: number;
  /** Deliveries wait for a person's word. */
  readonly paused: boolean;
}

export const MAX_PARALLEL = 1024;

/** Most deliveries that may be begun in a second. */
export const MAX_PER_SECOND = 1_000_000;

/** Longest window of de-duplication, in seconds. */
export const MAX_DEDUPE = 7 * 24 * 3600;

export const QUEUE_DEFAULTS: QueuePolicy = {
  methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  parallel: 1,
  perSecond: 0,
  refused: 'settle',
  dedupeSeconds: 0,
  paused: false,
};

/** What a tunnel's queue holds. */
export interface QueueState {
  /** Requests that wait, or are being delivered. */
  readonly waiting: number;
  /** Requests that were given up. */
  readonly dead: number;
  /** When the oldest of those that wait was received, in milliseconds since 1970. */
  readonly oldestAt: number | undefined;
  /** Deliveries wait for a person's word. */
  readonly paused: boolean;
}

/** How many requests of a tunnel are gone, and why. */
export interface Missed {
  /** Nobody could take them, and the tunnel did not queue them. */
  readonly refused: number;
  /** The queue was full. */
  readonly quota: number;
  /** They were kept for as long as the proxy keeps any. */
  readonly expired: number;
  /** When the first of them was lost, in milliseconds since 1970. */
  readonly since: number | undefined;
}

/** Reads a queue's policy from parsed JSON; members that are absent have their defaults. */
export function readQueuePolicy(value: unknown): QueuePolicy {
  if (value === undefined) return QUEUE_DEFAULTS;
  const queue: Record<string, unknown> = { ...QUEUE_DEFAULTS, ...object(value, 'policy.queue') };
  const refused = REFUSED.find((known) => known === queue['refused']);
  if (refused === undefined) throw wrong('policy.queue.refused');
  return {
    methods: methods(queue['methods']),
    parallel: within(queue['parallel'], 'policy.queue.parallel', 1, MAX_PARALLEL),
    perSecond: within(queue['perSecond'], 'policy.queue.perSecond', 0, MAX_PER_SECOND),
    refused,
    dedupeSeconds: within(queue['dedupeSeconds'], 'policy.queue.dedupeSeconds', 0, MAX_DEDUPE),
    paused: queue['paused'] === true,
  };
}

function methods(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > 32) throw wrong('policy.queue.methods');
  return value.map((method) => text(method, 'policy.queue.methods', 32));
}

function within(value: unknown, name: string, min: number, max: number): number {
  const number = whole(value, name);
  if (number < min || number > max) throw wrong(name);
  return number;
}

/** Reads a queue's state from parsed JSON. */
export function readQueueState(value: unknown): QueueState {
  const state = object(value, 'queue');
  return {
    waiting: whole(state['waiting'], 'queue.waiting'),
    dead: whole(state['dead'], 'queue.dead'),
    oldestAt: optional(state['oldestAt'], 'queue.oldestAt'),
    paused: state['paused'] === true,
  };
}

/** Reads what was missed from parsed JSON. */
export function readMissed(value: unknown): Missed {
  const missed = object(value, 'missed');
  return {
    refused: whole(missed['refused'], 'missed.refused'),
    quota: whole(missed['quota'], 'missed.quota'),
    expired: whole(missed['expired'], 'missed.expired'),
    since: optional(missed['since'], 'missed.since'),
  };
}

function optional(value: unknown, name: string): number | undefined {
  return value === undefined || value === null ? undefined : whole(value, name);
}

/** The record that tells an agent what its tunnel's queue holds now. */
export function encodeQueue({ waiting, dead, oldestAt, paused }: QueueState): string {
  const text = `${waiting}\n${dead}\n${oldestAt ?? ''}\n${paused ? 'paused' : 'running'}`;
  return textRecord(RECORD.queue, text);
}

export function decodeQueue(payload: Bytes): QueueState {
  const [waiting = '', dead = '', oldest = '', state] = payload.toString('latin1').split('\n');
  return {
    waiting: wholeNumber(waiting),
    dead: wholeNumber(dead),
    oldestAt: oldest === '' ? undefined : wholeNumber(oldest),
    paused: state === 'paused',
  };
}
