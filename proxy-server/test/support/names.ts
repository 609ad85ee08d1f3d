import type { Names } from '../../src/edge/names.ts';

/** Of a proxy whose own host stands below its domain, as is usual. */
export const NAMES: Names = { domain: 'example.dev', ownHost: 'proxy.example.dev' };
