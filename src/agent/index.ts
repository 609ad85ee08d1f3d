export { createAgent, type Agent } from './agent.ts';
export type { AgentObserver, AgentWarning, ExchangeEvent, ExchangeOutcome } from './events.ts';
export { AGENT_DEFAULTS, type AgentOptions } from './options.ts';
export { type ConnectionState, describeState } from './state.ts';
export type { Trouble } from './trouble.ts';
