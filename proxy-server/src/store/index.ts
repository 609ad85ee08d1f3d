export { openStore, type StoreLimits } from './open-store.ts';
export type * from './store.ts';
export { storeLimits } from './limits.ts';
