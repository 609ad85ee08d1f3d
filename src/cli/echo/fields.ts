import { fieldValue, forwardableFields } from 'caronte-proxy/protocol';

/**
 * Fields of a request that would say something wrong in an answer, or that are the caller's secret:
 * they name the server, negotiate, authenticate, or make the request conditional.
 */
const NOT_ECHOED = new Set([
  'host',
  'authorization',
  'cookie',
  'content-length',
  'date',
  'server',
  'range',
  'max-forwards',
  'upgrade-insecure-requests',
]);

/** Families of such fields. */
const NOT_ECHOED_PREFIXES = ['accept', 'if-', 'sec-', 'echo-'];

/**
 * The fields of the answer to a request: its own end-to-end fields, with order, case and duplicates
 * kept, and what the echo has to say of the request. Names and values in turn.
 */
export function echoFields(request: {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}): string[] {
  const { method, url, rawHeaders } = request;
  const kept = forwardableFields(
    rawHeaders,
    (name) => NOT_ECHOED.has(name) || NOT_ECHOED_PREFIXES.some((prefix) => name.startsWith(prefix)),
  );
  return [...kept, ...framing(method, rawHeaders), 'Echo-Method', method, 'Echo-Path', url];
}

/** The body comes back as it is, so its length is known whenever the request's is. */
function framing(method: string, rawHeaders: readonly string[]): string[] {
  if (method === 'HEAD') return [];
  const length = fieldValue(rawHeaders, 'content-length');
  if (length !== undefined) return ['Content-Length', length];
  return fieldValue(rawHeaders, 'transfer-encoding') === undefined ? ['Content-Length', '0'] : [];
}
