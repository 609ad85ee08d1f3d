export * from './limits.ts';
export * from './load.ts';
export * from './nearest.ts';
export * from './options.ts';
export * from './print.ts';
export * from './read-text.ts';
export * from './secret.ts';
export * from './sources.ts';
export type { OptionSpec } from './spec.ts';
