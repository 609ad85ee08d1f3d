import { MalformedError, PROBLEM, type ProblemCode } from 'caronte-proxy/protocol';
import { errorCode, isNoTls, isTlsFailure, isUntrusted, tlsReason } from './error-code.ts';
import { NetworkProxyError } from './network-connect.ts';
import type { Trouble } from './trouble.ts';

/** The proxy answered with something else than what was asked for. */
export class ProxyAnswerError extends Error {
  readonly status: number;
  /** The stable code, if the answer is a Caronte proxy's. */
  readonly problem: ProblemCode | undefined;
  /** What the proxy said. */
  readonly detail: string;
  readonly retryAfter: number | undefined;

  constructor(status: number, body: Buffer, retryAfter: string | undefined) {
    const document = parse(body);
    super(document.detail ?? `HTTP ${status}`);
    this.name = 'ProxyAnswerError';
    this.status = status;
    this.problem = document.code;
    this.detail = document.detail ?? '';
    this.retryAfter =
      retryAfter !== undefined && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
  }
}

function parse(body: Buffer): { code?: ProblemCode; detail?: string } {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value !== 'object' || value === null) return {};
    const { code, detail } = value as Record<string, unknown>;
    if (typeof code !== 'string' || !Object.hasOwn(PROBLEM, code)) return {};
    return { code: code as ProblemCode, ...(typeof detail === 'string' && { detail }) };
  } catch {
    return {};
  }
}

/** A trouble, and whether it is for good: trying again by itself could not help. */
export interface Verdict {
  readonly trouble: Trouble;
  readonly final: boolean;
}

const ASK_HOST = 'Check the proxy’s address, and that the proxy is running there.';

/** Statuses by which intermediaries tell that they waited for too long. */
const GAVE_UP = new Set([408, 502, 504, 524]);

/** Whether something between agent and proxy broke a request off, as far as one can tell. */
export function brokeOffOnTheWay(error: unknown): boolean {
  if (error instanceof ProxyAnswerError) {
    return error.problem === undefined && GAVE_UP.has(error.status);
  }
  const code = errorCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

const NETWORK_ADVICE =
  'HTTPS_PROXY, HTTP_PROXY or --network-proxy (http.proxy in the editor) name it; NO_PROXY has hosts that are reached without it.';

function tlsAdvice(code: string): string {
  if (isNoTls(code)) return 'Whatever listens there does not speak TLS: is its address http:?';
  return isUntrusted(code)
    ? 'Name a file with the authority’s certificate: --proxy-ca, or NODE_EXTRA_CA_CERTS.'
    : 'Check the proxy’s certificate.';
}

function networkTrouble(message: string, status: number | undefined): Verdict {
  const advice =
    status === 407
      ? 'It wants credentials: put them into its address, as in http://name:password@host:port.'
      : NETWORK_ADVICE;
  return { trouble: { code: 'network_proxy', message, advice }, final: false };
}

/** What went wrong between agent and proxy; the only place that knows the codes. */
export function proxyVerdict(error: unknown): Verdict {
  if (error instanceof ProxyAnswerError) return answerVerdict(error);
  const code = errorCode(error);
  const trouble = (message: string): Verdict => ({
    trouble: { code: 'proxy_unreachable', message, advice: ASK_HOST },
    final: false,
  });
  if (error instanceof MalformedError) {
    return { trouble: { code: 'proxy_misbehaved', message: error.message }, final: false };
  }
  if (error instanceof NetworkProxyError) {
    return networkTrouble(`the network's proxy ${error.message}`, error.status);
  }
  switch (code) {
    case 'CARONTE_PROXY_SILENT':
      return { trouble: { code: 'proxy_silent', message: 'the proxy is silent' }, final: false };
    case 'ECONNREFUSED':
      return trouble('connection refused');
    case 'ENOTFOUND':
      return trouble('host name not found');
    case 'EAI_AGAIN':
      return trouble('host name could not be looked up');
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return trouble('connection lost');
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return trouble('no connection in time');
    default:
      if (isTlsFailure(code)) {
        return {
          trouble: {
            code: 'tls_failed',
            message: `TLS failed: ${tlsReason(error)}`,
            advice: tlsAdvice(code),
          },
          final: false,
        };
      }
      return trouble(text(error));
  }
}

function answerVerdict(error: ProxyAnswerError): Verdict {
  switch (error.problem) {
    case 'unauthorized':
      return {
        trouble: {
          code: 'secret_refused',
          message: 'secret refused',
          advice: 'Give the agent the secret that the proxy was started with.',
        },
        final: true,
      };
    case 'code_in_use':
      return {
        trouble: {
          code: 'code_in_use',
          message: error.detail,
          advice: 'Choose another code, or take over.',
        },
        // With Retry-After the other agent may be about to go.
        final: error.retryAfter === undefined,
      };
    case 'protocol_unsupported':
      return { trouble: { code: 'protocol_unsupported', message: error.detail }, final: true };
    case 'draining':
      return {
        trouble: { code: 'proxy_draining', message: 'the proxy is shutting down' },
        final: false,
      };
    case 'queue_unavailable':
      return {
        trouble: {
          code: 'queue_unavailable',
          message: 'the proxy keeps no queue',
          advice: 'Start the proxy with --data-dir, or do without --offline queue.',
        },
        final: true,
      };
    case 'entry_unknown':
      return {
        trouble: { code: 'entry_unknown', message: 'the queue holds no such request' },
        final: true,
      };
    case 'not_found':
      return {
        trouble: {
          code: 'refused_by_proxy',
          message: 'there is a Caronte proxy, but not at this path',
          advice: 'Leave the path out of the proxy’s address, or check it.',
        },
        final: false,
      };
    case 'malformed':
      return { trouble: { code: 'refused_by_proxy', message: error.detail }, final: true };
    case undefined:
      if (error.status === 407) return networkTrouble("the network's proxy: HTTP 407", 407);
      return {
        trouble: {
          code: 'not_a_proxy',
          message: `HTTP ${error.status} that is not a Caronte proxy’s`,
          advice: ASK_HOST,
        },
        final: false,
      };
    default:
      return { trouble: { code: 'refused_by_proxy', message: error.message }, final: false };
  }
}

function text(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'unknown failure';
}
