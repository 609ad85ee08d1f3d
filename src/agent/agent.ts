import type { AgentObserver } from './events.ts';
import type { AgentOptions } from './options.ts';
import type { ConnectionState } from './state.ts';

/** One tunnel: polls the proxy, calls the target, sends replies back. */
export interface Agent {
  readonly state: ConnectionState;
  /** Connects, and stays connected until closed. May be called once. */
  start(): void;
  /** Takes no new work, finishes the exchanges in hand (up to the target's timeout), says good-bye. */
  close(): Promise<void>;
  /** Drops everything at once: exchanges in hand are cancelled. Resolves when nothing is left running. */
  destroy(): Promise<void>;
}

export declare function createAgent(options: AgentOptions, observer: AgentObserver): Agent;
