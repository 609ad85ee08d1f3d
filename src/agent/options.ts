import { type Offline, QUEUE_DEFAULTS, type QueuePolicy, type Share } from 'caronte-proxy/protocol';
import type { NetworkOptions } from './network.ts';
import type { TlsTrust } from './trust.ts';

export type { Share };

/** What a target is, and how it is called. */
export interface TargetOptions {
  /**
   * The local service: an origin such as `http://localhost:3000`, or `unix:` and the absolute path of
   * a socket. Request data never changes it.
   */
  readonly target: string;
  /** Whom to trust where the target is `https:`. */
  readonly targetTls?: TlsTrust | undefined;
  /** Host that the target gets: its own (`target`, the default), the caller's (`preserve`), or this. */
  readonly hostHeader?: string | undefined;
  /** Proxies of the network. Loopback addresses and Unix sockets are always reached directly. */
  readonly network?: NetworkOptions | undefined;
}

/** What an agent needs to run one tunnel. See {@link AGENT_DEFAULTS}; members that may be absent change nothing then. */
export interface AgentOptions extends TargetOptions {
  /** The proxy's base address, `http:` or `https:`, with a path if it is served below one. */
  readonly proxyUrl: string;
  /** The secret shared with the proxy. Sent in Authorization only; never logged. */
  readonly secret: string;
  /** The code under which callers reach the tunnel. */
  readonly code: string;
  /** Certificates in PEM that the proxy's may come from, beside the well-known authorities. */
  readonly proxyCa?: string | undefined;
  /** Whether callers get the target's answer (true) or 202 once the request has arrived here (false). */
  readonly sendReply: boolean;
  /** How often a target that refuses the connection is tried for one exchange, 1 or more. */
  readonly maxAttempts: number;
  /** Whether redirects and cookies of the target are made to lead below the tunnel's own path. */
  readonly rewritePaths?: boolean | undefined;
  /**
   * How long the target may take to begin its answer, in milliseconds; without replies, also how
   * long the answer may pause, and shorter where too many do that. Otherwise it may pause for as long as it likes: event streams do.
   */
  readonly targetTimeoutMs: number;
  /**
   * A poll that brought no byte for this long is taken for dead and renewed, in milliseconds, 1,200
   * or more. The proxy is asked to answer within five sixths of it.
   */
  readonly pollTimeoutMs: number;
  /**
   * Polls that something on the way breaks off again and again wait for less time, but not for less
   * than this, in seconds, 1 or more.
   */
  readonly minWaitSeconds?: number | undefined;
  /** Whether other agents may serve the code as well, and who of them gets which exchange. */
  readonly share: Share;
  /** What becomes of requests that nobody can take now: the proxy refuses (the default) or queues them. */
  readonly offline?: Offline | undefined;
  /** How the proxy keeps queued requests, and delivers them; see {@link QUEUE_DEFAULTS}. */
  readonly queue?: Partial<QueuePolicy> | undefined;
  /** Take the code from all agents that have it. */
  readonly takeover: boolean;
  /** 32 hexadecimal digits, stable for one place of use: a restart there may take its code back. */
  readonly installation: string;
  /** Name and version of the host, such as `caronte-cli/0.1.0`. */
  readonly software: string;
}

/** Defaults that every host shares. */
export const AGENT_DEFAULTS = {
  maxAttempts: 5,
  share: 'exclusive',
  offline: 'refuse',
  queue: QUEUE_DEFAULTS,
  targetTimeoutMs: 120_000,
  /** Has polls wait 50 s: below the idle limits of common intermediaries. */
  pollTimeoutMs: 60_000,
  minWaitSeconds: 5,
  /** Polls that are kept open at rest. */
  restingPolls: 2,
  /** Polls that may be open at once while a burst is fetched. */
  maxPolls: 8,
  /** A hello must be answered within this, in milliseconds. */
  helloTimeoutMs: 10_000,
  /** So must what a person asks of the queue, which may be long. */
  queueTimeoutMs: 30_000,
  /** Exchanges that may be worked on at once; further ones stay at the proxy. */
  maxInFlight: 1024,
  /** WebSockets that may be open beside those: they stay for long, and must not take their room. */
  maxUpgraded: 4096,
} as const;
