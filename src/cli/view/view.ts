import type { Missed, QueueState } from 'caronte-proxy/protocol';
import type { AgentWarning, ConnectionState, ExchangeEvent } from '../../agent/index.ts';

/** What is said once, before an agent starts. */
interface Introduction {
  readonly version: string;
  readonly code: string;
  readonly proxy: string;
  readonly target: string;
}

/** What is said when an agent is asked to stop. */
interface Stopping {
  readonly step: 'closing' | 'destroying';
  /** Exchanges that have not ended. */
  readonly inHand: number;
}

/**
 * Turns what happens into lines, without line ends. Text that came over the network is harmless in
 * them. Times are in milliseconds since 1970.
 */
export interface View {
  introduction(about: Introduction): readonly string[];
  state(state: ConnectionState, at: number): readonly string[];
  exchange(event: ExchangeEvent): readonly string[];
  /** What the tunnel's queue holds now. */
  queue(state: QueueState, at: number): readonly string[];
  /** What was lost while the agent was away. */
  missed(missed: Missed, at: number): readonly string[];
  stopping(stopping: Stopping, at: number): readonly string[];
  warning(warning: AgentWarning | { readonly code: string; readonly message: string }): string;
}
