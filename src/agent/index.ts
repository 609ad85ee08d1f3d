export { createAgent, type Agent } from './agent.ts';
export type { AgentObserver, AgentWarning, ExchangeEvent, ExchangeOutcome } from './events.ts';
export {
  type NetworkOptions,
  networkFromEnvironment,
  networkProxyText,
  readNetworkProxy,
} from './network.ts';
export { AGENT_DEFAULTS, type AgentOptions, type Share, SHARES } from './options.ts';
export { type ConnectionState, describeState } from './state.ts';
export { isSocketTarget, socketTargetProblem } from './target-address.ts';
export type { Trouble } from './trouble.ts';
export { isCertificates, type TlsTrust } from './trust.ts';
