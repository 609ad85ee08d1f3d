import type { ProblemCode, Refused } from '../protocol/index.ts';
import { retryAfterMs } from './retry-after.ts';

/** How a delivery ended. */
export type DeliveryEnd =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly code: ProblemCode;
      /** The agent had said that it has the request: the target may have seen it. */
      readonly acknowledged: boolean;
    };

/** What follows for the request. */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'dead'; readonly reason: string }
  /** It waits by itself, and others go on. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  /** It keeps its place: nobody could take it, and what comes after it would fare no better. */
  | { readonly kind: 'hold'; readonly reason: string };

export interface Circumstances {
  /** Earlier deliveries of the request that failed. */
  readonly failures: number;
  /** So many may fail before it is given up. */
  readonly maxFailures: number;
  readonly refused: Refused;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** The first pause, and the longest, in milliseconds. */
const FIRST_MS = 2_000;
const LONGEST_MS = 3_600_000;

/** Failures after which the target cannot have seen the request. */
const NOBODY_TOOK_IT: ReadonlySet<ProblemCode> = new Set([
  'no_agent',
  'draining',
  'busy',
  'too_many_waiting',
  'too_many_in_flight',
  'target_unreachable',
]);

/** Judges a delivery by what became of it. Pure. */
export function verdictOn(end: DeliveryEnd, circumstances: Circumstances): Verdict {
  if (end.kind === 'answered') return verdictOnAnswer(end.status, end.retryAfter, circumstances);
  const unseen = NOBODY_TOOK_IT.has(end.code) || (end.code === 'agent_lost' && !end.acknowledged);
  return unseen ? { kind: 'hold', reason: end.code } : again(end.code, circumstances);
}

function verdictOnAnswer(
  status: number,
  retryAfter: string | undefined,
  circumstances: Circumstances,
): Verdict {
  if (status >= 200 && status < 300) return { kind: 'done' };
  const reason = `the target answered ${status}`;
  if (status >= 500 || status === 408 || status === 429) {
    return again(reason, circumstances, retryAfterMs(retryAfter, circumstances.now));
  }
  switch (circumstances.refused) {
    case 'settle':
      return { kind: 'done' };
    case 'dead':
      return { kind: 'dead', reason };
    case 'retry':
      return again(reason, circumstances);
  }
}

function again(reason: string, circumstances: Circumstances, asked = 0): Verdict {
  const { failures, maxFailures, random } = circumstances;
  if (failures + 1 >= maxFailures) return { kind: 'dead', reason };
  return {
    kind: 'retry',
    afterMs: Math.max(asked, pauseMs(failures, FIRST_MS, LONGEST_MS, random)),
    reason,
  };
}

/** A pause that doubles with each failure; half of it is random, so that many do not come at once. */
export function pauseMs(failures: number, first: number, longest: number, random: number): number {
  const whole = Math.min(longest, first * 2 ** Math.min(failures, 30));
  return Math.round(whole / 2 + (whole / 2) * random);
}
