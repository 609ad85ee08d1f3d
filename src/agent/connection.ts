import type { ConnectionState } from './state.ts';
import type { Trouble } from './trouble.ts';

/** What can happen to a connection. Times are in milliseconds since 1970. */
export type ConnectionEvent =
  | { readonly type: 'connect' }
  | {
      readonly type: 'connected';
      readonly at: number;
      readonly publicUrls: readonly [string, ...string[]];
    }
  | {
      readonly type: 'failed';
      readonly at: number;
      readonly trouble: Trouble;
      /** Whether trying again by itself could not help. */
      readonly final: boolean;
      /** Length of the pause before the next attempt, in milliseconds, given the attempts so far. */
      readonly pause: (attempt: number) => number;
    }
  | { readonly type: 'stop' };

/** A connection that was live for at least this long starts over with short pauses. */
const STEADY_MS = 5_000;

/** A connection's state, and how many attempts in a row have not led to a steady one. */
export interface Connection {
  readonly state: ConnectionState;
  readonly attempts: number;
}

export const INITIAL_CONNECTION: Connection = { state: { kind: 'idle' }, attempts: 0 };

/** Moves a connection on. Pure: what follows from a state is the link's business. */
export function moveConnection(connection: Connection, event: ConnectionEvent): Connection {
  const { state, attempts } = connection;
  // What arrives after the end changes nothing.
  if (state.kind === 'stopped') return connection;
  switch (event.type) {
    case 'connect':
      return {
        state: { kind: 'connecting', attempt: attempts + 1 },
        attempts: attempts + 1,
      };
    case 'connected':
      return { state: { kind: 'live', since: event.at, publicUrls: event.publicUrls }, attempts };
    case 'failed': {
      if (event.final) return { state: { kind: 'stopped', trouble: event.trouble }, attempts };
      const steady = state.kind === 'live' && event.at - state.since >= STEADY_MS;
      const counted = steady ? 0 : attempts;
      const delayMs = event.pause(counted + 1);
      return {
        state: {
          kind: 'retrying',
          attempt: counted + 1,
          delayMs,
          until: event.at + delayMs,
          trouble: event.trouble,
        },
        attempts: counted,
      };
    }
    case 'stop':
      return { state: { kind: 'stopped' }, attempts };
  }
}
