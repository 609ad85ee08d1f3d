/**
 * Fields that belong to one connection only (RFC 9110 section 7.6.1), and those that an
 * intermediary answers or drops by itself: Expect is answered by whoever reads the body, Proxy is
 * never passed on (it would set HTTP_PROXY in CGI programs), and the proxy's credentials are the
 * proxy's.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy',
  'te',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/**
 * Fields that may never come out of a trailer section (RFC 9110 section 6.5.1): framing, routing,
 * conditions, authentication, and what says how to read the content.
 */
const NOT_IN_TRAILERS = new Set([
  'trailer',
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'host',
  'via',
  'max-forwards',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'authorization',
  'www-authenticate',
  'set-cookie',
  'cache-control',
  'cookie',
  'location',
  'te',
]);

/**
 * The fields of a message that may travel on: names and values in turn, order, case and duplicates
 * kept. Drops hop-by-hop fields, those that Connection names, and those for which `drop` answers
 * true; `drop` is given the name in lower case.
 */
export function forwardableFields(
  raw: readonly string[],
  drop: (lowerName: string) => boolean,
): string[] {
  let named: Set<string> | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (name.length === 10 && name.toLowerCase() === 'connection') {
      named ??= new Set();
      for (const token of (raw[at + 1] ?? '').split(',')) named.add(token.trim().toLowerCase());
    }
  }
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || named?.has(lower) === true || drop(lower)) continue;
    kept.push(name, raw[at + 1] ?? '');
  }
  return kept;
}

/** The trailers that may travel on (RFC 9110 section 6.5). */
export function forwardableTrailers(raw: readonly string[]): string[] {
  return forwardableFields(raw, (name) => NOT_IN_TRAILERS.has(name));
}

/** The value of the first field of that name, which must be given in lower case. */
export function fieldValue(fields: readonly string[], lowerName: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return fields[at + 1];
  }
  return undefined;
}
