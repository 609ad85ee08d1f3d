import { buildConnector, Pool } from 'undici';
import { connectThrough, proxyAuthorization } from './network-connect.ts';
import { networkProxyFor, networkTls } from './network.ts';
import type { AgentOptions } from './options.ts';
import { tlsOptions } from './trust.ts';

/** How requests get to the Caronte proxy. */
export interface WayOut {
  readonly connect: () => Pool;
  /** What stands before the path of each request. */
  readonly pathPrefix: string;
  /** Fields for whoever is on the way. */
  readonly fields: readonly string[];
}

const POOL = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 } as const;
const CONNECT_MS = 10_000;

/** The way to the Caronte proxy for who knows its secret. */
export interface AuthorizedWay {
  readonly connect: () => Pool;
  /** What stands before a path of the protocol's. */
  readonly base: string;
  /** Fields of every request. */
  readonly always: readonly string[];
}

export type WayOptions = Pick<AgentOptions, 'proxyUrl' | 'proxyCa' | 'network' | 'secret'>;

export function authorizedWay(options: WayOptions): AuthorizedWay {
  const { connect, pathPrefix, fields } = wayOut(options);
  const path = new URL(options.proxyUrl).pathname.replace(/\/+$/, '');
  const always = [...fields, 'Authorization', `Bearer ${options.secret}`];
  return { connect, base: pathPrefix + path, always };
}

/**
 * The way to the Caronte proxy: direct, or through a proxy of the network. An `https:` address is
 * reached by CONNECT. For an `http:` one each request names the whole address (RFC 9112 section
 * 3.2.2), since many networks allow CONNECT to port 443 alone.
 */
export function wayOut(options: Pick<AgentOptions, 'proxyUrl' | 'proxyCa' | 'network'>): WayOut {
  const { origin, protocol, host } = new URL(options.proxyUrl);
  const network = options.network ?? {};
  const proxy = networkProxyFor(new URL(options.proxyUrl), network);
  const tls = tlsOptions({ ca: options.proxyCa });
  if (proxy === undefined) {
    const connect = options.proxyCa === undefined ? {} : { connect: tls };
    return { connect: () => new Pool(origin, { ...POOL, ...connect }), pathPrefix: '', fields: [] };
  }
  const proxyTls = networkTls(network);
  if (protocol === 'http:') {
    return {
      connect: () => new Pool(proxy.origin, { ...POOL, connect: proxyTls }),
      pathPrefix: origin,
      fields: ['Host', host, ...proxyAuthorization(proxy)],
    };
  }
  const connect = connectThrough({
    proxy,
    proxyTls,
    connect: buildConnector({ ...tls, timeout: CONNECT_MS }),
    timeoutMs: CONNECT_MS,
  });
  return { connect: () => new Pool(origin, { ...POOL, connect }), pathPrefix: '', fields: [] };
}
