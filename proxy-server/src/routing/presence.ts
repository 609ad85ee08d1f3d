import type { Exchange } from './exchange.ts';

/** Who is there to take the exchanges of a code. */
export interface Presence {
  /** Whether an agent is there, and not just about to be lost or to leave. */
  served(code: string): boolean;
  /** Tells every agent of a code something, with its next poll: a record of the wire. */
  notify(code: string, record: string): void;
  /** Takes out what waits for an agent of a code, was given to none, and is wanted elsewhere. */
  reclaim(code: string, wanted: (exchange: Exchange) => boolean): readonly Exchange[];
}

/** Hears of what happens to codes that outlives agents. */
export interface PresenceWatcher {
  /** Agents of a code have come or gone, or one has polls again. */
  onPresence(code: string): void;
  /** A request for a code was refused since no agent is there. */
  onRefused(code: string, exchange: Exchange): void;
}
