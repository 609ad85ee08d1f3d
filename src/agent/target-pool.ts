import type { Socket } from 'node:net';
import { buildConnector, Pool } from 'undici';
import { lookupLocalhost } from './localhost.ts';
import { connectThrough } from './network-connect.ts';
import { networkProxyFor, networkTls } from './network.ts';
import type { TargetOptions } from './options.ts';
import { targetAddress } from './target-address.ts';
import { tlsOptions } from './trust.ts';

/** Opens a connection to the target. */
export type ConnectTarget = (callback: buildConnector.Callback) => void;

export interface ConnectOptions {
  /** How long a connection may take, in milliseconds. */
  readonly connectMs: number;
  /** Whether we may go on writing when the target has closed its direction; false if left out. */
  readonly allowHalfOpen?: boolean;
}

/** How connections to a target are opened: directly, on a Unix socket, or through the network's proxy. */
export function targetConnector(
  options: TargetOptions,
  { connectMs, allowHalfOpen = false }: ConnectOptions,
): ConnectTarget {
  const { origin, socketPath } = targetAddress(options.target);
  const isLocalhost = /^(?:.+\.)?localhost$/.test(origin.hostname);
  const direct = buildConnector({
    timeout: connectMs,
    allowHalfOpen,
    autoSelectFamily: true,
    ...tlsOptions(options.targetTls ?? {}),
    ...(isLocalhost && { lookup: lookupLocalhost }),
    ...(socketPath !== undefined && { socketPath }),
  });
  const proxy =
    socketPath === undefined ? networkProxyFor(origin, options.network ?? {}) : undefined;
  const proxyTls = { ...networkTls(options.network ?? {}), allowHalfOpen };
  const connect =
    proxy === undefined
      ? direct
      : // CONNECT, for http too: what is between must leave the bytes alone, also those of upgrades.
        connectThrough({ proxy, proxyTls, connect: direct, timeoutMs: connectMs });
  const { protocol, host, port } = origin;
  const hostname = origin.hostname.replace(/^\[|\]$/g, '');
  // The certificate has to name the target, whatever Host it is sent.
  return (callback) => connect({ protocol, host, hostname, port }, callback);
}

/** Connections to a target that are kept for further requests. */
export function targetPool(
  options: TargetOptions,
  connect: ConnectTarget,
  settings: Omit<Pool.Options, 'connect'>,
): Pool {
  const { origin } = targetAddress(options.target);
  return new Pool(origin.origin, {
    ...settings,
    connect: (_wanted, callback) =>
      connect((error, socket) => {
        if (error !== null) return callback(error, null);
        tellResets(socket);
        callback(null, socket);
      }),
  });
}

/**
 * Of an answer that ends with its connection undici takes for the whole what came before a reset,
 * and knows resets by their code. Nobody can say what was lost (RFC 9112 section 8).
 */
function tellResets(socket: Socket): void {
  socket.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'ERR_RESET_BY_TARGET';
  });
}
