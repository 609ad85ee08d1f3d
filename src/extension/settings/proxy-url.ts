/** Why an address cannot be a proxy's. */
export type ProxyUrlProblem = 'empty' | 'not_a_url' | 'not_http' | 'has_credentials' | 'has_query';

export type ProxyUrlResult =
  | { readonly ok: true; readonly url: string; readonly origin: string }
  | { readonly ok: false; readonly problem: ProxyUrlProblem };

/**
 * Reads a proxy's base address: `http:` or `https:`, perhaps with a path, without credentials,
 * query and fragment. A missing scheme is taken for `https:`, or `http:` on loopback. The result
 * has no slash at the end.
 */
export function readProxyUrl(text: string): ProxyUrlResult {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: false, problem: 'empty' };
  const url = parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : withScheme(trimmed));
  if (url === undefined) return { ok: false, problem: 'not_a_url' };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { ok: false, problem: 'not_http' };
  }
  if (url.username !== '' || url.password !== '') return { ok: false, problem: 'has_credentials' };
  if (url.search !== '' || url.hash !== '') return { ok: false, problem: 'has_query' };
  return { ok: true, url: url.origin + url.pathname.replace(/\/+$/, ''), origin: url.origin };
}

/** Whether what is sent to this host never leaves the machine. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

function withScheme(text: string): string {
  const host = parse(`http://${text}`)?.hostname ?? '';
  return `${isLoopback(host) ? 'http' : 'https'}://${text}`;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
