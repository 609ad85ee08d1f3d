/**
 * Informational responses (RFC 9110 section 15.2) that a target may send for one exchange. Each lets
 * it take longer for its answer; an hour's work that tells of itself every few seconds stays below.
 */
export const MAX_INFORMATION = 1_000;

/** Of the first so many, those of status 103 reach the caller: they are advice, and take memory. */
export const MAX_HINTS = 32;

/** What becomes of the n-th informational response, n from 1. */
export function informationUse(n: number, status: number): 'pass' | 'drop' | 'refuse' {
  if (n > MAX_INFORMATION) return 'refuse';
  return status === 103 && n <= MAX_HINTS ? 'pass' : 'drop';
}
