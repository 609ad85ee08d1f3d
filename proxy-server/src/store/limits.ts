import type { Limits } from '../config/limits.ts';
import type { StoreLimits } from './open-store.ts';

/** The limits of a proxy that concern its store. */
export function storeLimits(limits: Limits): StoreLimits {
  return {
    count: limits.queueCount,
    bytes: limits.queueBytes,
    totalBytes: limits.queueTotalBytes,
    maxAgeMs: limits.queueAge * 1000,
    deadAgeMs: limits.deadAge * 1000,
  };
}
