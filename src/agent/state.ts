import type { Trouble } from './trouble.ts';

/** Where an agent's connection to its proxy stands. Replaced whole at each change. */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | {
      readonly kind: 'live';
      /** Milliseconds since 1970. */
      readonly since: number;
      /** Addresses for callers, best first; never empty. */
      readonly publicUrls: readonly [string, ...string[]];
    }
  | {
      readonly kind: 'retrying';
      readonly attempt: number;
      /** Length of the pause, in milliseconds, and when it ends, in milliseconds since 1970. */
      readonly delayMs: number;
      readonly until: number;
      readonly trouble: Trouble;
    }
  /** For good: by request if there is no trouble. */
  | { readonly kind: 'stopped'; readonly trouble?: Trouble };

/** One line for a terminal, a log or a tooltip: `retrying in 3 s: connection refused`. */
export function describeState(state: ConnectionState): string {
  switch (state.kind) {
    case 'idle':
      return 'idle';
    case 'connecting':
      return 'connecting';
    case 'live':
      return 'live';
    case 'retrying':
      return `retrying in ${Math.max(1, Math.round(state.delayMs / 1000))} s: ${state.trouble.message}`;
    case 'stopped':
      return state.trouble === undefined ? 'stopped' : `stopped: ${state.trouble.message}`;
  }
}
