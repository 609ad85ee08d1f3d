import { BlockList, isIP } from 'node:net';
import { isLoopback } from './loopback.ts';
import { tlsOptions } from './trust.ts';

/**
 * The proxies of the network between this machine and the outside. They have nothing to do with
 * Caronte's; an agent uses them because it is not let out otherwise.
 */
export interface NetworkOptions {
  /** Address of the network's proxy for `http:` addresses. */
  readonly httpProxy?: string | undefined;
  /** The same for `https:` addresses. */
  readonly httpsProxy?: string | undefined;
  /** Hosts that are reached directly, as NO_PROXY has them. */
  readonly noProxy?: string | undefined;
  /** Certificates in PEM that a network's proxy on `https:` may have, beside the well-known ones. */
  readonly ca?: string | undefined;
  /** False: the certificate of a network's proxy on `https:` is not checked. */
  readonly strictTls?: boolean | undefined;
}

/** Options of the TLS connection to a network's proxy on `https:`. */
export function networkTls({ ca, strictTls }: NetworkOptions): ReturnType<typeof tlsOptions> {
  return tlsOptions({ ca, insecure: strictTls === false });
}

/** What the environment says; lower case wins over upper case, and empty counts as unset. */
export function networkFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): NetworkOptions {
  const read = (name: string): string | undefined =>
    env[name.toLowerCase()] || env[name] || undefined;
  const all = read('ALL_PROXY');
  return {
    httpProxy: read('HTTP_PROXY') ?? all,
    httpsProxy: read('HTTPS_PROXY') ?? all,
    noProxy: read('NO_PROXY'),
  };
}

/**
 * A network's proxy as a URL: `http:` unless it says `https:`, perhaps with credentials, nothing
 * else. Undefined if it is no such address, or its credentials cannot be decoded.
 */
export function readNetworkProxy(text: string): URL | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  const isBare = (url.pathname === '/' || url.pathname === '') && url.search + url.hash === '';
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isBare && isHttp && isDecodable(url.username + url.password) ? url : undefined;
}

/** RFC 3986 section 2.1: a percent sign that stands for itself is `%25`. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The network's proxy through which `url` is reached; undefined if it is reached directly. */
export function networkProxyFor(url: URL, network: NetworkOptions): URL | undefined {
  const text = networkProxyText(url, network);
  return text === undefined ? undefined : readNetworkProxy(text);
}

/** The same as it was given, whether it can be used or not. */
export function networkProxyText(url: URL, network: NetworkOptions): string | undefined {
  const text = url.protocol === 'https:' ? network.httpsProxy : network.httpProxy;
  if (text === undefined || isLoopback(url.hostname)) return undefined;
  return isExempt(url, network.noProxy ?? '') ? undefined : text;
}

/**
 * Whether NO_PROXY names the host: `*`, a name with everything below it (a leading `.` or `*.` is
 * allowed), an address, a range such as `10.0.0.0/8`; each but the range perhaps with a port.
 */
function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && (entry === '*' || names(entry, host, port)));
}

function names(entry: string, host: string, port: string): boolean {
  const range = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (range !== null) return isInRange(host, range[1] ?? '', Number(range[2]));
  if (isIP(entry) !== 0) return host === entry;
  const [, full = '', wantedPort = port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  const name = full.replace(/^\*?\./, '');
  return wantedPort === port && name !== '' && (host === name || host.endsWith(`.${name}`));
}

function isInRange(host: string, network: string, bits: number): boolean {
  const kind = isIP(network);
  if (kind === 0 || isIP(host) !== kind || bits > (kind === 4 ? 32 : 128)) return false;
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}
