import type { Deadline, Identified } from '../protocol/index.ts';
import type { Exchange } from '../routing/index.ts';

/** An exchange in the agent's hands. */
export interface Handed extends Identified<Handed> {
  readonly exchange: Exchange;
  state: 'leased' | 'acknowledged' | 'waiting again';
  /** The answer that it last left in. */
  lease: Lease;
  /** The agent itself ended it, and need not be told. */
  failedByAgent: boolean;
}

/** What one poll's answer carried; forgotten once all of it is acknowledged or over. */
export interface Lease {
  readonly items: Handed[];
  missing: number;
  deadline: Deadline<Lease> | undefined;
}
