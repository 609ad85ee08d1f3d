import { isIPv6 } from 'node:net';
import { isBaseUrl, isHost } from 'caronte-proxy/command';
import { definedOf, shown } from './values.ts';

/** The flags that give one address: as a whole, in parts, or both if they agree. */
export interface AddressFlags {
  readonly url: string | undefined;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
}

/** What an address is for, and what it may look like. */
export interface AddressKind {
  /** Of the flag for the whole, such as `--proxy-url`. */
  readonly urlFlag: string;
  /** Of the flags for the parts, such as `--proxy`. */
  readonly partPrefix: string;
  readonly mayHavePath: boolean;
}

/** Parts that are not given. */
const DEFAULTS = { protocol: 'http', host: 'localhost', port: '8080' } as const;

/** The address without a slash at its end, or undefined if there are problems. */
export function readAddress(
  flags: AddressFlags,
  kind: AddressKind,
  problems: string[],
): string | undefined {
  const before = problems.length;
  const { partPrefix } = kind;
  const protocol = flags.protocol?.toLowerCase().replace(/:$/, '');
  if (protocol !== undefined && protocol !== 'http' && protocol !== 'https') {
    problems.push(`${partPrefix}-protocol: ${shown(flags.protocol)} is neither http nor https`);
  }
  if (flags.host !== undefined && !isHost(flags.host)) {
    problems.push(
      `${partPrefix}-host: ${shown(flags.host)} is not a host name or an IP address, without port`,
    );
  }
  if (flags.port !== undefined && !isPort(flags.port)) {
    problems.push(`${partPrefix}-port: ${shown(flags.port)} is not a whole number from 1 to 65535`);
  }
  if (problems.length > before) return undefined;

  const parts = { protocol, host: flags.host, port: flags.port };
  if (flags.url === undefined) {
    const { protocol: scheme, host, port } = { ...DEFAULTS, ...definedOf(parts) };
    return new URL(`${scheme}://${bracketed(host)}:${port}`).href.replace(/\/$/, '');
  }
  const url = parse(flags.url, kind, problems);
  if (url === undefined) return undefined;
  for (const part of ['protocol', 'host', 'port'] as const) {
    const wanted = parts[part];
    if (wanted === undefined || partOf(url, part) === normal(part, wanted)) continue;
    problems.push(
      `${partPrefix}-${part} ${wanted} contradicts ${kind.urlFlag} ${url.href}: give one of them`,
    );
  }
  return problems.length > before ? undefined : url.href.replace(/\/+$/, '');
}

function parse(text: string, kind: AddressKind, problems: string[]): URL | undefined {
  if (!isBaseUrl(text)) {
    // Credentials are for no eyes, wrong place or not.
    const safe = shown(text.replace(/^([^/]*\/\/)?.*@/s, '$1…@'));
    problems.push(
      `${kind.urlFlag}: ${safe} is not an http or https URL without credentials, query and fragment`,
    );
    return undefined;
  }
  const url = new URL(text);
  if (kind.mayHavePath || url.pathname === '/') return url;
  problems.push(`${kind.urlFlag}: ${shown(text)} has a path; paths come from the callers`);
  return undefined;
}

function partOf(url: URL, part: 'protocol' | 'host' | 'port'): string {
  if (part === 'protocol') return url.protocol.slice(0, -1);
  if (part === 'host') return url.hostname;
  return url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
}

/** As the URL parser writes it. */
function normal(part: 'protocol' | 'host' | 'port', value: string): string {
  if (part === 'host') return new URL(`http://${bracketed(value)}`).hostname;
  return part === 'port' ? String(Number(value)) : value;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}
