/** Every error of the proxy's own: a stable code, its status, and a title (RFC 9457). */
export const PROBLEM = {
  bad_request: { status: 400, title: 'The request is not valid HTTP for a tunnel' },
  malformed: { status: 400, title: "The agent's message does not follow the protocol" },
  protocol_unsupported: {
    status: 400,
    title: 'Agent and proxy have no protocol version in common',
  },
  unauthorized: { status: 401, title: 'The secret is missing or wrong' },
  not_found: { status: 404, title: 'Nothing is served under this path' },
  session_unknown: { status: 404, title: 'The session is not known; say hello again' },
  entry_unknown: { status: 404, title: 'The queue holds no such request' },
  exchange_unknown: { status: 404, title: 'The exchange is not known to this session' },
  method_not_allowed: { status: 405, title: 'The method cannot pass through a tunnel' },
  upload_stalled: { status: 408, title: 'The request body stopped arriving' },
  code_in_use: { status: 409, title: 'Another agent serves this code' },
  body_too_large: { status: 413, title: 'The request body is larger than the proxy allows' },
  uri_too_long: { status: 414, title: 'The request target is longer than the proxy allows' },
  expectation_failed: { status: 417, title: 'The request expects what nobody here can meet' },
  too_many_waiting: { status: 429, title: 'Too many requests wait for this tunnel' },
  too_many_in_flight: { status: 429, title: 'Too many requests of this tunnel are in flight' },
  head_too_large: { status: 431, title: 'The request head is larger than the proxy allows' },
  queue_unavailable: { status: 501, title: 'The proxy keeps no queue' },
  agent_lost: { status: 502, title: 'The agent went away before it answered' },
  agent_misbehaved: { status: 502, title: 'The agent sent an answer that cannot be passed on' },
  agent_refused: { status: 502, title: 'The agent could not pass the request on' },
  target_unreachable: { status: 502, title: 'The target could not be reached' },
  target_broke_off: { status: 502, title: 'The target broke the connection off' },
  no_agent: { status: 503, title: 'No agent is connected for this tunnel' },
  draining: { status: 503, title: 'The proxy is shutting down' },
  store_failed: { status: 503, title: 'The proxy could not keep the request' },
  busy: { status: 503, title: 'The proxy has as many exchanges in flight as it allows' },
  target_timeout: { status: 504, title: 'The target took too long to answer' },
  response_timeout: { status: 504, title: 'No answer came in time' },
  version_unsupported: { status: 505, title: 'The version of HTTP is none that the proxy speaks' },
  queue_full: { status: 507, title: 'The queue of this tunnel has no room' },
  loop_detected: { status: 508, title: 'The request came back to a proxy that it had passed' },
} as const;

export type ProblemCode = keyof typeof PROBLEM;

/** Media type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A problem that a person or a program can meet; `detail` says what to do about it. */
export interface Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  /** Seconds after which it is worth trying again. */
  readonly retryAfter?: number;
}

/** The document of RFC 9457 section 3, with the stable `code` as an extension member. */
export function problemDocument(problem: Problem): string {
  const { status, title } = PROBLEM[problem.code];
  return `${JSON.stringify({ type: 'about:blank', title, status, detail: problem.detail, code: problem.code })}\n`;
}
