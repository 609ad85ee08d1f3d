import type { IncomingMessage } from 'node:http';
import type { Limits } from '../config/limits.ts';
import { authorityOf, isAuthority } from '../http/index.ts';
import type { Problem } from '../protocol/index.ts';

/**
 * What Node's parser lets through although an intermediary must not (RFC 9112 sections 3.2, 5, 6),
 * the limits on heads, and requests that come back: their Via names this proxy by its `pseudonym`.
 * Undefined if the request may pass.
 */
export function checkHead(
  request: IncomingMessage,
  limits: Limits,
  pseudonym: string,
): Problem | undefined {
  const target = request.url ?? '';
  // The parser takes 0.9 and 2.0 too, for which the rules below would not hold.
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') return VERSION;
  // TRACE would show credentials; CONNECT never gets here.
  if (request.method === 'TRACE') {
    return {
      code: 'method_not_allowed',
      detail: 'TRACE does not pass through a tunnel.',
    };
  }
  if (target.length > limits.maxTarget) {
    return { code: 'uri_too_long', detail: `The limit is ${limits.maxTarget} bytes.` };
  }
  const raw = request.rawHeaders;
  if (raw.length / 2 > limits.maxFields) return tooManyFields(limits);
  if (target.includes('#')) return bad('a request target has no fragment');
  if (!target.startsWith('/') && !isOtherForm(target, request.method)) {
    return bad('its target is neither a path nor an http URL');
  }
  let hosts = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    else if (name.length === 3 && name.toLowerCase() === 'via' && raw[at + 1]?.includes(pseudonym))
      return LOOP;
  }
  if (hosts > 1) return bad('more than one Host field');
  if (hosts === 0 && request.httpVersion === '1.1') return bad('no Host field');
  const { host } = request.headers;
  // It may be empty: some targets have no authority (RFC 9110 section 7.2).
  if (host !== undefined && host !== '' && !isAuthority(host)) {
    return bad('its Host is neither a host name nor an address');
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined) {
    if (request.httpVersion === '1.0') return bad('Transfer-Encoding in HTTP/1.0');
    if (coding.toLowerCase() !== 'chunked') return bad('a transfer coding other than chunked');
  }
  return undefined;
}

/** Trailers count as fields, together with those of the head. Undefined if they may pass. */
export function checkTrailers(request: IncomingMessage, limits: Limits): Problem | undefined {
  const fields = (request.rawHeaders.length + request.rawTrailers.length) / 2;
  return fields > limits.maxFields ? tooManyFields(limits) : undefined;
}

/** RFC 9112 sections 3.2.2 and 3.2.4: the absolute form, and `*`, which is for OPTIONS alone. */
function isOtherForm(target: string, method: string | undefined): boolean {
  const authority = authorityOf(target);
  return authority === undefined ? target === '*' && method === 'OPTIONS' : isAuthority(authority);
}

const VERSION: Problem = {
  code: 'version_unsupported',
  detail: 'Callers speak HTTP/1.1 or HTTP/1.0.',
};

const LOOP: Problem = {
  code: 'loop_detected',
  detail: 'The target leads back to this proxy; give the agent another --target.',
};

function tooManyFields({ maxFields }: Limits): Problem {
  return { code: 'head_too_large', detail: `The limit is ${maxFields} header fields.` };
}

function bad(what: string): Problem {
  return { code: 'bad_request', detail: `The request was refused: ${what}.` };
}
