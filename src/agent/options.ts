/** What an agent needs to run one tunnel. Hosts fill in every member; see {@link AGENT_DEFAULTS}. */
export interface AgentOptions {
  /** The proxy's base address, `http:` or `https:`, with a path if it is served below one. */
  readonly proxyUrl: string;
  /** The secret shared with the proxy. Sent in Authorization only; never logged. */
  readonly secret: string;
  /** The code under which callers reach the tunnel. */
  readonly code: string;
  /** Origin of the local service, such as `http://localhost:3000`. Request data never changes it. */
  readonly target: string;
  /** Whether callers get the target's answer (true) or 202 once the request has arrived here (false). */
  readonly sendReply: boolean;
  /** How often a target that refuses the connection is tried for one exchange, 1 or more. */
  readonly maxAttempts: number;
  /** How long the target may take to begin its answer, in milliseconds. */
  readonly targetTimeoutMs: number;
  /**
   * A poll that brought no byte for this long is taken for dead and renewed, in milliseconds, 1,200
   * or more. The proxy is asked to answer within five sixths of it.
   */
  readonly pollTimeoutMs: number;
  /** Take the code from another agent that has it. */
  readonly takeover: boolean;
  /** 32 hexadecimal digits, stable for one place of use: a restart there may take its code back. */
  readonly installation: string;
  /** Name and version of the host, such as `caronte-cli/0.1.0`. */
  readonly software: string;
}

/** Defaults that every host shares. */
export const AGENT_DEFAULTS = {
  maxAttempts: 5,
  targetTimeoutMs: 120_000,
  /** Has polls wait 50 s: below the idle limits of common intermediaries. */
  pollTimeoutMs: 60_000,
  /** Polls that are kept open at rest. */
  restingPolls: 2,
  /** Polls that may be open at once while a burst is fetched. */
  maxPolls: 8,
  /** A hello must be answered within this, in milliseconds. */
  helloTimeoutMs: 10_000,
  /** Exchanges that may be worked on at once; further ones stay at the proxy. */
  maxInFlight: 1024,
} as const;
