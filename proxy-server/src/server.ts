import type { ProxyOptions } from './config/limits.ts';
import type { Logger } from './routing/logger.ts';

/** A running proxy. */
export interface Proxy {
  /** Starts to listen. Resolves with the address; rejects if the port is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Drains: takes no new exchange, lets those in flight finish within the grace time, then stops. */
  close(): Promise<void>;
  /** Drops every connection at once. */
  destroy(): Promise<void>;
}

export declare function createProxy(options: ProxyOptions, log: Logger): Proxy;
