const BASE_MS = 100;

/** A proxy that comes back is found within this, whatever happened before. */
const CAP_MS = 2_500;

/**
 * Pause before the n-th attempt in a row (n from 1), with full jitter: agents that lost the same
 * proxy at the same moment do not come back at the same moment. `random` is from 0 to 1.
 */
export function reconnectPause(attempt: number, random: number): number {
  return Math.round(random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 10)));
}

/** Pause before a target that refused the n-th attempt is tried again: 0.1, 0.2, 0.4 … 2 s. */
export function targetPause(attempt: number): number {
  return Math.min(2_000, 100 * 2 ** (attempt - 1));
}
