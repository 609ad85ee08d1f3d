export type {
  Missed,
  Offline,
  QueueChoice,
  QueuedRequest,
  QueueEntry,
  QueueList,
  QueuePage,
  QueueState,
  Refused,
} from 'caronte-proxy/protocol';
export { createAgent, type Agent } from './agent.ts';
export type { AgentObserver, AgentWarning, ExchangeEvent, ExchangeOutcome } from './events.ts';
export {
  type NetworkOptions,
  networkFromEnvironment,
  networkProxyText,
  readNetworkProxy,
} from './network.ts';
export { AGENT_DEFAULTS, type AgentOptions, type Share } from './options.ts';
export { QueueClient, type QueueClientOptions } from './queue-client.ts';
export type { SignatureTolerance } from './signature-tolerance.ts';
export { staleSignature, staleSignatures } from './stale-signatures.ts';
export { type ConnectionState, describeState } from './state.ts';
export { isSocketTarget, socketTargetProblem } from './target-address.ts';
export { type Trouble, TroubleError } from './trouble.ts';
export { isCertificates, type TlsTrust } from './trust.ts';
