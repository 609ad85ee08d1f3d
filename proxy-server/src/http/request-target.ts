/** The part of an absolute request target up to its path, in any of its forms. */
const ABSOLUTE = /^https?:\/\/([^/?]*)/i;

/**
 * Path and query of a request target, byte for byte. A server has to take the absolute form too
 * (RFC 9112 section 3.2.2).
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const start = ABSOLUTE.exec(target)?.[0];
  if (start === undefined) return target;
  const rest = target.slice(start.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Host and port in a request target of the absolute form, as they stand; undefined for any other
 * form. They count in place of the Host field (RFC 9112 section 3.2.2).
 */
export function authorityOf(target: string): string | undefined {
  return target.startsWith('/') ? undefined : ABSOLUTE.exec(target)?.[1];
}

/**
 * Whether that is a host name or an address in its form for URLs, with or without a port. User names
 * are not taken: they are deprecated, and a place to hide (RFC 9110 section 4.2.4).
 */
export function isAuthority(text: string): boolean {
  return /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/.test(text);
}
