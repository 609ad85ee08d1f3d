/** By which names callers reach the proxy and its tunnels; in lower case, without port. */
export interface Names {
  /** Below it each tunnel has a host of its own: `<code>.<domain>`. */
  readonly domain: string | undefined;
  /** The proxy's own host. It may stand below the domain, and is no tunnel's then. */
  readonly ownHost: string | undefined;
}

/**
 * A label of a host name (RFC 1123 section 2.1) in lower case. Codes are told apart by case and host
 * names are not: a code that has an upper-case letter or `_` has no host, only its path.
 */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The code whose tunnel a host belongs to, from a Host field's value. Undefined: the proxy's own. */
export function codeOfHost(host: string | undefined, names: Names): string | undefined {
  const { domain, ownHost } = names;
  if (domain === undefined || host === undefined) return undefined;
  const name = host.toLowerCase().replace(/\.?(?::\d*)?$/, '');
  const dot = name.length - domain.length - 1;
  if (dot < 1 || name[dot] !== '.' || !name.endsWith(domain) || name === ownHost) return undefined;
  const label = name.slice(0, dot);
  return LABEL.test(label) ? label : undefined;
}

/** The host of a code's tunnel; undefined if it has none. The inverse of {@link codeOfHost}. */
export function hostOfCode(code: string, { domain, ownHost }: Names): string | undefined {
  if (domain === undefined || !LABEL.test(code)) return undefined;
  const host = `${code}.${domain}`;
  return host === ownHost ? undefined : host;
}
