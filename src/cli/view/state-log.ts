import type { ConnectionState } from '../../agent/index.ts';

/** Whether a change of state is worth a line, and whether with its advice. */
export interface StateNews {
  readonly state: ConnectionState;
  readonly withAdvice: boolean;
}

/** Shorter pauses are shown as this one, in milliseconds. */
const SHORTEST_SHOWN = 1000;

/**
 * Thins states out for people: during an outage each attempt changes the state twice, for hours
 * perhaps. A trouble is told when it is new, and again only when the pause is twice as long as it
 * was then.
 */
export class StateLog {
  #trouble = '';
  #longestPause = 0;

  take(state: ConnectionState): StateNews | undefined {
    switch (state.kind) {
      case 'idle':
        return undefined;
      case 'connecting':
        return this.#trouble === '' ? { state, withAdvice: false } : undefined;
      case 'retrying': {
        const trouble = `${state.trouble.code} ${state.trouble.message}`;
        const isNew = trouble !== this.#trouble;
        if (!isNew && state.delayMs < this.#longestPause * 2) return undefined;
        this.#trouble = trouble;
        this.#longestPause = Math.max(SHORTEST_SHOWN, state.delayMs);
        return { state, withAdvice: isNew };
      }
      case 'live':
      case 'stopped':
        this.#trouble = '';
        this.#longestPause = 0;
        return { state, withAdvice: true };
    }
  }
}
