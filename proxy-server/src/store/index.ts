export { openStore, type StoreLimits, type StoreOptions } from './open-store.ts';
export type * from './store.ts';
