import { buildConnector, Pool } from 'undici';
import { lookupLocalhost } from './localhost.ts';
import { connectThrough } from './network-connect.ts';
import { networkProxyFor } from './network.ts';
import type { TargetOptions } from './options.ts';
import { targetAddress } from './target-address.ts';
import { tlsOptions } from './trust.ts';

export type TargetPoolOptions = Omit<Pool.Options, 'connect'> & {
  /** How long a connection may take, in milliseconds. */
  readonly connectMs: number;
};

/** The connections to a target: direct, on a Unix socket, or through the network's proxy. */
export function targetPool(options: TargetOptions, pool: TargetPoolOptions): Pool {
  const { connectMs, ...settings } = pool;
  const { origin, socketPath } = targetAddress(options.target);
  const isLocalhost = /^(?:.+\.)?localhost$/.test(origin.hostname);
  const connect = {
    timeout: connectMs,
    autoSelectFamily: true,
    ...tlsOptions(options.targetTls ?? {}),
    ...(isLocalhost && { lookup: lookupLocalhost }),
    ...(socketPath !== undefined && { socketPath }),
  };
  if (origin.protocol === 'http:' && networkProxyOf(options) === undefined) {
    return new Pool(origin.origin, { ...settings, connect });
  }
  const make = connector();
  return new Pool(origin.origin, {
    ...settings,
    // The certificate has to name the target, whatever Host it is sent.
    connect: (wanted, callback) => {
      const { servername: _servername, ...rest } = wanted;
      make({ ...rest, host: origin.host }, callback);
    },
  });

  function connector(): buildConnector.connector {
    const direct = buildConnector(connect);
    const proxy = networkProxyOf(options);
    if (proxy === undefined) return direct;
    const proxyTls = tlsOptions({ insecure: options.network?.strictTls === false });
    // CONNECT, for http too: what is between must leave the bytes alone, also those of upgrades.
    return connectThrough({ proxy, proxyTls, connect: direct, timeoutMs: connectMs });
  }
}

function networkProxyOf(options: TargetOptions): URL | undefined {
  const { origin, socketPath } = targetAddress(options.target);
  return socketPath === undefined ? networkProxyFor(origin, options.network ?? {}) : undefined;
}
