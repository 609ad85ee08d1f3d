import { isIPv4 } from 'node:net';
import { forwardableFields, forwardableTrailers } from '../protocol/index.ts';

/**
 * Fields by which intermediaries speak of the caller. A caller could make them up, so that only the
 * proxy's own reach the target, with what trusted peers have said in them; and the agent's protocol
 * is nobody else's.
 */
const OWN_FIELDS = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-prefix',
]);

function isOwn(lowerName: string): boolean {
  return OWN_FIELDS.has(lowerName) || lowerName.startsWith('caronte-');
}

/** What the proxy knows of the caller's connection. */
export interface Connection {
  /** The caller's network address. */
  readonly address: string;
  /** Trusted intermediaries between caller and proxy, the nearest last. */
  readonly intermediaries: readonly string[];
  readonly protocol: 'http' | 'https';
  /** Host and port that the caller asked for, as it wrote them. */
  readonly host: string | undefined;
  readonly httpVersion: string;
  /** What stood before the target's path; undefined on the tunnel's own origin. */
  readonly prefix: string | undefined;
  /** The proxy's name in Via. */
  readonly pseudonym: string;
}

/**
 * The fields that go to the target: the caller's, in order, case and number as they came, less what
 * belongs to the connection; then the proxy's own (RFC 9110 section 7.6.3, RFC 7239). The own ones
 * come last so that no Connection field of the caller's can remove them.
 */
export function fieldsForTarget(raw: readonly string[], connection: Connection): string[] {
  const fields = forwardableFields(raw, isOwn);
  const { address, intermediaries, protocol, host } = connection;
  const through = intermediaries.length > 0;
  fields.push('Via', `${connection.httpVersion} ${connection.pseudonym}`);
  const way = through ? `${address}, ${intermediaries.join(', ')}` : address;
  fields.push('X-Forwarded-For', way, 'X-Forwarded-Proto', protocol);
  if (host !== undefined) fields.push('X-Forwarded-Host', host);
  if (connection.prefix !== undefined) fields.push('X-Forwarded-Prefix', connection.prefix);
  const by = host === undefined ? '' : `;host=${quotedHost(host)}`;
  const more = through ? intermediaries.map((hop) => `, for=${node(hop)}`).join('') : '';
  fields.push('Forwarded', `for=${node(address)}${by};proto=${protocol}${more}`);
  return fields;
}

/** The fields with another value of Host: that of an absolute request target takes its place. */
export function withHost(raw: readonly string[], host: string): string[] {
  return raw.map((item, at) =>
    at % 2 === 1 && raw[at - 1]?.toLowerCase() === 'host' ? host : item,
  );
}

/** The caller's trailers that go to the target: none of the proxy's own fields is among them. */
export function trailersForTarget(raw: readonly string[]): string[] {
  return raw.length === 0 ? [] : forwardableTrailers(forwardableFields(raw, isOwn));
}

/** RFC 7239 section 6: an IPv6 address stands in brackets and quotes. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

let lastHost = '';
let lastQuoted = '""';

/** As {@link quoted}; callers of one proxy name the same host over and over. */
function quotedHost(host: string): string {
  if (host !== lastHost) {
    lastQuoted = quoted(host);
    lastHost = host;
  }
  return lastQuoted;
}

/** RFC 7239 section 4: anything but a token is a quoted string. */
function quoted(value: string): string {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value)
    ? value
    : `"${value.replace(/["\\]/g, (special) => `\\${special}`)}"`;
}

/** The caller's address without the prefix that a dual-stack socket gives to IPv4. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (!address.startsWith('::ffff:')) return address;
  const plain = address.slice(7);
  return isIPv4(plain) ? plain : address;
}
