/** The newest version of the wire that this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Every body of records starts with this one byte, so that a mismatch is told before anything is read. */
export const VERSION_BYTE = 1;

/** Media type of a body of records. */
export const RECORDS_TYPE = 'application/vnd.caronte.records';

/** Paths of the agents' side of the proxy; each is a POST but for the body, which is a GET, and the queue, which is both. */
export const AGENT_PATHS = {
  hello: '/agent/hello',
  poll: '/agent/poll',
  reply: '/agent/reply',
  body: '/agent/body/',
  bye: '/agent/bye',
  queue: '/agent/queue/',
} as const;

/** What all of them begin with. On a tunnel's own origin such paths are the target's. */
export const AGENT_PREFIX = '/agent/';

/** Path below which callers reach a tunnel: `/forward/<code>/<path>`. */
export const FORWARD_PREFIX = '/forward/';

/** Header fields of Caronte's own; those that come from outside are dropped. */
export const FIELD = {
  /** The session that a hello gave out; on every agent's request but the hello. */
  session: 'Caronte-Session',
  /** Seconds that a poll may wait for work. */
  wait: 'Caronte-Wait',
  /** How many exchanges a poll's answer may bring; 0 asks for notices alone. Absent: no bound. */
  capacity: 'Caronte-Capacity',
  /** Marks an error as the proxy's own: nobody takes it for the target's. Holds the stable code. */
  error: 'Caronte-Error',
  /** The exchange's id, on the 202 that a tunnel without replies gives. */
  exchange: 'Caronte-Exchange',
  /** On requests of tunnels that queue: the name of the request, the same for all of its deliveries. */
  delivery: 'Caronte-Delivery',
  /** On requests of tunnels that queue: 1 for the first delivery, and more for each further one. */
  attempt: 'Caronte-Attempt',
  /** On a queued request: when the proxy received it (RFC 3339). */
  received: 'Caronte-Received',
  /** On a queued request: `1`. Its caller has gone away with a 202. */
  queued: 'Caronte-Queued',
} as const;
