export {
  ADVISED_SECRET,
  DEFAULT_LIMITS,
  type Limits,
  MIN_SECRET,
  type ProxyOptions,
  type TlsOptions,
} from './config/limits.ts';
export type { Logger } from './routing/logger.ts';
export { createProxy, type Proxy } from './server.ts';
