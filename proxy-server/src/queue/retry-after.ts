/** The longest pause that a target may ask for, in milliseconds. */
const LONGEST_MS = 24 * 3600 * 1000;

/**
 * What Retry-After asks for, in milliseconds from `now` (milliseconds since 1970) on: seconds, or a
 * date (RFC 9110 section 10.2.3). Undefined if it is neither.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_MS);
  // Date.parse takes much that is no date of HTTP; those begin with the name of a day.
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), LONGEST_MS);
}
