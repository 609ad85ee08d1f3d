export { AgentApi } from './agent-api.ts';
export { Authenticator } from './auth.ts';
export { Registry } from './registry.ts';
