import type { AgentFlags } from './flags.ts';
import { shown } from './values.ts';

/** Bounds in seconds, but for the attempts; both ends are allowed. */
export const AGENT_BOUNDS = {
  timeout: { min: 1.2, max: 3600 },
  minWait: { min: 1, max: 3600 },
  targetTimeout: { min: 0.1, max: 3600 },
  targetMaxAttempts: { min: 1, max: 100 },
} as const;

/** The number that a flag gives; undefined if it is not given, or there are problems. */
export function readNumber(
  flags: AgentFlags,
  name: keyof typeof AGENT_BOUNDS,
  problems: string[],
): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const { min, max } = AGENT_BOUNDS[name];
  const whole = name === 'targetMaxAttempts' || name === 'minWait';
  const value = (whole ? /^\d{1,9}$/ : /^\d{1,9}(?:\.\d{1,9})?$/).test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const unit = name === 'targetMaxAttempts' ? '' : ' of seconds';
  const what = `a ${whole ? 'whole ' : ''}number${unit}`;
  problems.push(`--${flag}: ${shown(text)} is not ${what} from ${min} to ${max}`);
  return undefined;
}

export function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
