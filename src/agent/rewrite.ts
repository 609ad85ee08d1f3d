import { type ExchangeHead, fieldValue } from 'caronte-proxy/protocol';
import type { Target } from './target.ts';
import { targetAddress } from './target-address.ts';

/** What makes a tunnel's own path out of a target's. */
export interface Rewriting {
  /** Path of the tunnel, such as `/forward/orders`; empty if it has a host name of its own. */
  readonly prefix: string;
  /** Whether the target means itself; scheme and authority in lower case. */
  readonly isOwn: (scheme: string, authority: string, path: string) => boolean;
}

/** For {@link rewriteFields}, with what an exchange says of the tunnel. */
export function responseRewriter(
  target: Target,
): (head: ExchangeHead, fields: string[]) => string[] {
  const { origin } = targetAddress(target.url);
  return (head, fields) => {
    const prefix = (fieldValue(head.fields, 'x-forwarded-prefix') ?? '').replace(/\/+$/, '');
    const sent = target.hostFor(head)?.toLowerCase();
    // Targets that are told where the caller called speak of themselves by that host. Other tunnels
    // have it too, below the folder of all of them.
    const called = fieldValue(head.fields, 'x-forwarded-host')?.toLowerCase();
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const isOwn = (scheme: string, authority: string, path: string): boolean =>
      authority === sent ||
      (authority === called && folder !== '' && !path.startsWith(folder)) ||
      isOrigin(origin, scheme, authority);
    return rewriteFields(fields, { prefix, isOwn });
  };
}

/**
 * Makes redirects and cookies of a response lead below the tunnel's path: Location,
 * Content-Location, Refresh, and the Path of Set-Cookie. Addresses of the target's own lose scheme
 * and host, which callers need not reach; all other bytes stay as they are.
 */
export function rewriteFields(fields: readonly string[], rewriting: Rewriting): string[] {
  return fields.map((item, at) => {
    if (at % 2 === 0) return item;
    switch ((fields[at - 1] ?? '').toLowerCase()) {
      case 'location':
      case 'content-location':
        return rewriteReference(item, rewriting);
      case 'refresh':
        return item.replace(
          // The address may come without `url=` (HTML, "shared declarative refresh steps").
          /^(\s*[\d.]+(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?["']?)([^"']+)/i,
          (_whole, before: string, url: string) => before + rewriteReference(url, rewriting),
        );
      case 'set-cookie':
        // Browsers take such a cookie with the path / alone (RFC 6265bis section 4.1.3.2).
        if (/^\s*__Host-/i.test(item)) return item;
        // The first part is the cookie itself, whose value may look like anything.
        return item.replace(
          /(;\s*path\s*=\s*)(\/[^;]*)/gi,
          (_whole, before: string, path: string) => before + below(path, rewriting.prefix),
        );
      default:
        return item;
    }
  });
}

function rewriteReference(text: string, { prefix, isOwn }: Rewriting): string {
  const [, scheme = '', authority, path = ''] =
    /^(?:(https?):)?\/\/([^/?#\\]*)([^\\]*)$/i.exec(text) ?? [];
  if (authority !== undefined) {
    if (!isOwn(scheme.toLowerCase(), authority.toLowerCase(), path)) return text;
    const rest = path.startsWith('/') ? path : `/${path}`;
    // What begins with two slashes would name another host.
    return prefix === '' && rest.startsWith('//') ? text : below(rest, prefix);
  }
  return /^\/(?![/\\])/.test(text) ? below(text, prefix) : text;
}

/** A target that knows of the tunnel's path may have put it there already. */
function below(path: string, prefix: string): string {
  const isThere = path.startsWith(prefix) && /^(?:[/?#\s]|$)/.test(path.slice(prefix.length));
  return isThere && prefix !== '' ? path : prefix + path;
}

function isOrigin(origin: URL, scheme: string, authority: string): boolean {
  const text = `${scheme === '' ? origin.protocol : `${scheme}:`}//${authority}`;
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.origin === origin.origin && url.username === '' && url.password === '';
}
