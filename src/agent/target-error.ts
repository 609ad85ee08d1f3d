import { FAILURE, type FailureCode } from 'caronte-proxy/protocol';
import { errorCode, isNoTls, isTlsFailure, isUntrusted, tlsReason } from './error-code.ts';
import { NetworkProxyError } from './network-connect.ts';

/** Codes of errors that come before a connection exists: nothing has been sent to the target. */
const NOT_CONNECTED = new Map<string, string>([
  ['ECONNREFUSED', 'connection refused'],
  ['ENOTFOUND', 'host name not found'],
  ['EAI_AGAIN', 'host name could not be looked up'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['EADDRNOTAVAIL', 'address not available'],
  ['ENOENT', 'there is no such socket'],
  ['EACCES', 'the socket may not be used by this user'],
  ['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
]);

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

const TRUST_IT = '--target-ca names a file to trust, --target-insecure trusts anybody';

/** The target's response is one that cannot be passed on. */
export class ResponseRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ResponseRefusedError';
  }
}

const HEAD_TOO_LARGE = 'the head of the response is too large';

export function headTooLarge(): ResponseRefusedError {
  return new ResponseRefusedError(HEAD_TOO_LARGE);
}

function tlsAdvice(code: string): string | undefined {
  if (isNoTls(code)) return 'whatever listens there does not speak TLS: is its address http:?';
  return isUntrusted(code) ? TRUST_IT : undefined;
}

function networkAdvice(status: number | undefined): string {
  return status === 407 ? 'it wants credentials' : 'NO_PROXY has hosts that are reached without it';
}

/** What a failure of the target's connection means for the exchange. */
export interface TargetFailure {
  readonly code: FailureCode;
  /** For people: what happened. */
  readonly cause: string;
  /** What to do, if there is anything that a person may not think of. */
  readonly advice?: string | undefined;
  /** Whether the target has seen nothing of the request, so that another attempt is harmless. */
  readonly unsent: boolean;
}

/** Translates what Node and undici throw; the only place that knows their codes. */
export function targetFailure(error: unknown): TargetFailure {
  const code = errorCode(error);
  const unconnected = NOT_CONNECTED.get(code);
  if (unconnected !== undefined) {
    return { code: FAILURE.unreachable, cause: unconnected, unsent: true };
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { code: FAILURE.refused, cause: HEAD_TOO_LARGE, unsent: false };
  }
  if (error instanceof ResponseRefusedError) {
    return { code: FAILURE.refused, cause: error.message, unsent: false };
  }
  if (TIMEOUTS.has(code)) {
    return { code: FAILURE.timeout, cause: 'no answer in time', unsent: false };
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return { code: FAILURE.refused, cause: message(error), unsent: false };
  }
  if (isTlsFailure(code)) {
    const cause = `TLS failed: ${tlsReason(error)}`;
    return { code: FAILURE.unreachable, cause, advice: tlsAdvice(code), unsent: true };
  }
  if (error instanceof NetworkProxyError) {
    const cause = `the network's proxy ${error.message}`;
    const advice = networkAdvice(error.status);
    return { code: FAILURE.unreachable, cause, advice, unsent: true };
  }
  return { code: FAILURE.brokeOff, cause: message(error), unsent: false };
}

/** One line about it: which target, what happened, how often it was tried, what to do. */
export function failureLine(
  url: string,
  { cause, advice }: TargetFailure,
  attempts: number,
): string {
  const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
  return `${url}: ${cause}${tries}${advice === undefined ? '' : `; ${advice}`}`;
}

/**
 * Whether that is no error at all: a response that has no body may have the length of one
 * (RFC 9110 sections 8.6 and 15.4.5), and undici misses the body.
 */
export function isCompleteWithoutBody(error: unknown, status: number): boolean {
  return (
    (status === 304 || status === 204) && errorCode(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  );
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
