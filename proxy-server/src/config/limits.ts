/**
 * Everything about a proxy that is a number: each is an option of the command line with a default
 * and bounds. Times are in seconds, sizes in bytes.
 */
export interface Limits {
  /** Longest wait of an agent's poll. */
  readonly maxTimeoutLongPoll: number;
  /** Longest time from the arrival of a whole request, body included, to the first byte of its answer. */
  readonly maxTimeoutResponse: number;
  /** Requests of one code that may wait for an agent to fetch them. */
  readonly buffer: number;
  /** How long a request waits for an agent when none is connected. */
  readonly agentWait: number;
  /** An agent without an open poll for this long is lost; its exchanges fail. */
  readonly agentGrace: number;
  /** An agent must acknowledge what it was handed within this time. */
  readonly ackTimeout: number;
  /** Largest head of a request: request line and fields. */
  readonly maxHead: number;
  /** Largest number of header fields of a request, trailers among them. */
  readonly maxFields: number;
  /** Largest request target. */
  readonly maxTarget: number;
  /** Largest request body. */
  readonly maxBody: number;
  /** Exchanges in flight, all codes together. */
  readonly maxInFlight: number;
  /** Exchanges in flight of one code. */
  readonly maxInFlightPerCode: number;
  /** WebSockets among them; the rest stays free for requests, which come and go. */
  readonly maxUpgradesPerCode: number;
  /**
   * Uploads on their way of one code that an agent may have in hand, and as many answers that wait for
   * their callers to read on, and as many requests for WebSockets without an answer. All three together
   * are fewer than what an agent works on at once.
   */
  readonly maxSlowPerCode: number;
  /** Exchanges in hand of one connection, which may send requests without waiting for answers. */
  readonly maxPipelined: number;
  /** A caller must send its whole head within this time. */
  readonly headTimeout: number;
  /** A request body must not pause for longer than this. */
  readonly bodyIdleTimeout: number;
  /** A caller must take a piece of its answer, of up to 64 KiB, within this. */
  readonly writeIdleTimeout: number;
  /** Grace time for exchanges in flight when the proxy shuts down. */
  readonly drainTimeout: number;
  /** Bytes of bodies that are held in memory, all exchanges together. */
  readonly maxHeld: number;
  /** Bytes of a body that are held for an agent which reads its copy slower than the one that replies. */
  readonly copyBuffer: number;
  /** How long, in all, a body waits for such an agent once so much is held for it. */
  readonly copyWait: number;
  /** Sessions of agents, all codes together. */
  readonly maxSessions: number;
  /** Requests that are kept for one code: those that wait and the dead letters. */
  readonly queueCount: number;
  /** What they may take, heads included. */
  readonly queueBytes: number;
  /** The same for all codes together. */
  readonly queueTotalBytes: number;
  /** A request that waits for longer becomes a dead letter. */
  readonly queueAge: number;
  /** A dead letter is kept for as long. */
  readonly deadAge: number;
  /** A request whose deliveries fail so often becomes a dead letter. */
  readonly queueAttempts: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxTimeoutLongPoll: 120,
  maxTimeoutResponse: 120,
  buffer: 1024,
  agentWait: 5,
  agentGrace: 5,
  ackTimeout: 5,
  maxHead: 64 * 1024,
  maxFields: 1000,
  maxTarget: 32 * 1024,
  maxBody: 1024 * 1024 * 1024,
  maxInFlight: 10_000,
  maxInFlightPerCode: 2_000,
  maxUpgradesPerCode: 1_500,
  maxSlowPerCode: 256,
  maxPipelined: 8,
  headTimeout: 30,
  bodyIdleTimeout: 60,
  writeIdleTimeout: 60,
  drainTimeout: 10,
  maxHeld: 128 * 1024 * 1024,
  copyBuffer: 1024 * 1024,
  copyWait: 5,
  maxSessions: 10_000,
  queueCount: 10_000,
  queueBytes: 1024 ** 3,
  queueTotalBytes: 10 * 1024 ** 3,
  queueAge: 72 * 3600,
  deadAge: 30 * 24 * 3600,
  queueAttempts: 16,
};

/** What a running proxy needs. The command line makes it from flags, environment and file. */
export interface ProxyOptions {
  /** One or two secrets; two while one replaces the other. Each at least {@link MIN_SECRET} long. */
  readonly secrets: readonly string[];
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The address under which callers reach the proxy; without it, derived from the agent's hello. */
  readonly publicUrl: string | undefined;
  /** Below it each tunnel has a host of its own, `<code>.<domain>`; in lower case. */
  readonly domain?: string | undefined;
  /** Intermediaries whose word on the caller is believed, as in `--trust-proxy`; none if absent. */
  readonly trustProxy?: readonly string[];
  /** Listens with TLS; without it, plainly. */
  readonly tls?: TlsOptions | undefined;
  /** Where requests are kept for tunnels that queue; without it none are. */
  readonly dataDir?: string | undefined;
  readonly limits: Limits;
}

/** Both in PEM form. */
export interface TlsOptions {
  /** The server's certificate, then the intermediate ones. */
  readonly cert: string;
  /** Without a passphrase. */
  readonly key: string;
}

/** Shortest secret that is taken at all, in characters. */
export const MIN_SECRET = 6;

/** A secret shorter than this is warned about at every start: it can be guessed. */
export const ADVISED_SECRET = 16;
