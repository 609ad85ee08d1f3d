import { shown } from './values.ts';

/** What a number that a flag gives may be; both ends are allowed. */
export interface Bound {
  readonly min: number;
  readonly max: number;
  readonly is: 'number of seconds' | 'whole number of seconds' | 'whole number';
}

/** The number that a flag gives; undefined if it is not given, or there are problems. */
export function readNumber(
  flag: string,
  text: string | undefined,
  { min, max, is }: Bound,
  problems: string[],
): number | undefined {
  if (text === undefined) return undefined;
  const form = is === 'number of seconds' ? /^\d{1,9}(?:\.\d{1,9})?$/ : /^\d{1,9}$/;
  const value = form.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  problems.push(`${flag}: ${shown(text)} is not a ${is} from ${min} to ${max}`);
  return undefined;
}

/** Bounds as the help tells them. */
export function boundsText({ min, max }: Bound): string {
  return `${min} to ${max}`;
}

export function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
