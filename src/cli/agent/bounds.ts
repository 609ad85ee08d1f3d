import { MAX_DEDUPE, MAX_PARALLEL, MAX_PER_SECOND } from 'caronte-proxy/protocol';
import type { Bound } from '../tunnel/numbers.ts';

/** What the numbers of `caronte agent` may be. */
export const AGENT_BOUNDS = {
  timeout: { min: 1.2, max: 3600, is: 'number of seconds' },
  minWait: { min: 1, max: 3600, is: 'whole number of seconds' },
  targetTimeout: { min: 0.1, max: 3600, is: 'number of seconds' },
  targetMaxAttempts: { min: 1, max: 100, is: 'whole number' },
  parallel: { min: 1, max: MAX_PARALLEL, is: 'whole number' },
  deliveriesPerSecond: { min: 0, max: MAX_PER_SECOND, is: 'whole number' },
  dedupe: { min: 0, max: MAX_DEDUPE, is: 'whole number of seconds' },
} as const satisfies Readonly<Record<string, Bound>>;
