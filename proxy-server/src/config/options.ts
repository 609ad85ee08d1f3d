import * as z from 'zod';
import { isBaseUrl, isDomain, isHost } from './address.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { secretLines } from './secret.ts';
import { choice, type OptionSpec, text, wholeNumber } from './spec.ts';
import { addressRanges, listItems } from './trust.ts';

const ACCESS = 'Access:';
const ADDRESS = 'Address:';
const TIMES = 'Times:';
const SIZES = 'Sizes of a request:';
const COUNTS = 'Counts:';
const QUEUE = 'Queue:';
const LOG = 'Log:';

/** Where a number that limits something has no natural end, this keeps typing errors out. */
const MANY = 1_000_000;

/** In seconds. */
const YEAR = 366 * 24 * 3600;

const LIMIT_OPTIONS = {
  maxTimeoutLongPoll: seconds('maxTimeoutLongPoll', 1, 3600, "Longest wait of an agent's poll."),
  maxTimeoutResponse: seconds(
    'maxTimeoutResponse',
    1,
    3600,
    'Longest time from the arrival of a whole request, body included, to the first byte of its answer.',
  ),
  agentWait: seconds(
    'agentWait',
    0,
    300,
    'How long a request waits for an agent when none is connected.',
  ),
  agentGrace: seconds(
    'agentGrace',
    1,
    300,
    'An agent without an open poll for this long is lost, and its exchanges fail.',
  ),
  ackTimeout: seconds(
    'ackTimeout',
    1,
    60,
    'An agent must acknowledge what it was handed within this time.',
  ),
  headTimeout: seconds(
    'headTimeout',
    1,
    300,
    'A caller must send its whole head within this time.',
  ),
  bodyIdleTimeout: seconds(
    'bodyIdleTimeout',
    1,
    3600,
    'A request body must not pause for longer than this.',
  ),
  writeIdleTimeout: seconds(
    'writeIdleTimeout',
    1,
    3600,
    'A caller must take a piece of its answer within this time.',
  ),
  copyWait: seconds(
    'copyWait',
    0,
    300,
    'How long, in all, a body waits for an agent that reads its copy too slowly.',
  ),
  drainTimeout: seconds(
    'drainTimeout',
    0,
    3600,
    'Grace time for exchanges in flight when the proxy shuts down.',
  ),
  maxHead: wholeNumber({
    group: SIZES,
    unit: 'bytes',
    min: 4096,
    // A head has to fit into one record of the wire, beside the fields that the proxy adds.
    max: 128 * 1024,
    fallback: DEFAULT_LIMITS.maxHead,
    help: 'Largest head: request line and fields.',
  }),
  maxFields: wholeNumber({
    group: SIZES,
    unit: 'fields',
    min: 16,
    max: 10_000,
    fallback: DEFAULT_LIMITS.maxFields,
    help: 'Largest number of header fields.',
  }),
  maxTarget: wholeNumber({
    group: SIZES,
    unit: 'bytes',
    min: 256,
    max: 128 * 1024,
    fallback: DEFAULT_LIMITS.maxTarget,
    help: 'Largest request target: path and query.',
  }),
  maxBody: wholeNumber({
    group: SIZES,
    unit: 'bytes',
    min: 0,
    max: 1024 ** 4,
    fallback: DEFAULT_LIMITS.maxBody,
    help: 'Largest body.',
  }),
  maxHeld: wholeNumber({
    group: SIZES,
    unit: 'bytes',
    // What is to travel whole has to fit into the quarter of the codes that nobody serves.
    min: 1024 ** 2,
    max: 1024 ** 4,
    fallback: DEFAULT_LIMITS.maxHeld,
    help: 'What is held of bodies in memory, all requests together: half of it for one code, a quarter for all codes without an agent.',
  }),
  copyBuffer: wholeNumber({
    group: SIZES,
    unit: 'bytes',
    min: 0,
    max: 1024 ** 3,
    fallback: DEFAULT_LIMITS.copyBuffer,
    help: 'What is held of a body for an agent that gets a copy and reads it slower than the one that replies.',
  }),
  buffer: count('buffer', 'requests', 'Requests of one code that may wait for an agent.'),
  maxInFlight: count('maxInFlight', 'exchanges', 'Exchanges in flight, all codes together.'),
  maxInFlightPerCode: count('maxInFlightPerCode', 'exchanges', 'Exchanges in flight of one code.'),
  maxUpgradesPerCode: count(
    'maxUpgradesPerCode',
    'WebSockets',
    'WebSockets among the exchanges in flight of one code.',
  ),
  maxSlowPerCode: count(
    'maxSlowPerCode',
    'exchanges',
    'Uploads on their way of one code, answers that nobody reads, and WebSockets not answered yet: as many of each.',
  ),
  maxPipelined: count(
    'maxPipelined',
    'requests',
    'Requests of one connection that are in hand at once; further ones wait.',
  ),
  maxSessions: count('maxSessions', 'sessions', 'Sessions of agents, all codes together.'),
  queueCount: queued('queueCount', 'requests', MANY, 'Requests that are kept for one code.'),
  queueBytes: queued(
    'queueBytes',
    'bytes',
    1024 ** 4,
    'What the requests that are kept for one code may take.',
  ),
  queueTotalBytes: queued(
    'queueTotalBytes',
    'bytes',
    1024 ** 4,
    'What the requests that are kept may take, all codes together.',
  ),
  queueAge: queued(
    'queueAge',
    'seconds',
    YEAR,
    'A request that waits for longer is given up. A tunnel whose agent has been away for longer keeps none.',
  ),
  deadAge: queued(
    'deadAge',
    'seconds',
    YEAR,
    'A request that was given up is kept for as long, to be delivered by hand.',
  ),
  queueAttempts: queued(
    'queueAttempts',
    'deliveries',
    1000,
    'A request whose deliveries fail so often is given up.',
  ),
} satisfies { [Name in keyof Limits]: OptionSpec<number, number> };

/** A secret per element. Lengths and characters are checked once all sources are known. */
const secret: OptionSpec<readonly string[], undefined> = {
  group: ACCESS,
  fallback: undefined,
  fallbackHelp: 'none',
  schema: z.union([z.string().transform(secretLines), z.array(z.string())]),
  expected: 'a text, or a list of two',
  placeholder: 'secret',
  help: 'Secret shared with the agents; give it twice while one replaces the other. Other users of this machine can read it: prefer the environment or --secret-file.',
  fromText: (value) => value,
};

/** Checked here and kept as text; the edge makes ranges of it. */
const trustProxy: OptionSpec<readonly string[], readonly string[]> = {
  group: ADDRESS,
  fallback: [],
  fallbackHelp: 'none',
  schema: z
    .union([z.string().transform(listItems), z.array(z.string())])
    .refine((items) => items.every((item) => addressRanges(item) !== undefined)),
  expected:
    'a list, divided by commas, of IP addresses, ranges such as 10.0.0.0/8, "loopback" and "private"',
  placeholder: 'list',
  help: 'Intermediaries whose X-Forwarded-For, -Proto, -Host and Forwarded are believed; loopback and private stand for such addresses.',
  fromText: (value) => value,
};

/**
 * Every option of the proxy. The name of a member is its key in a configuration file; flag and
 * environment variable follow from it, see {@link flagName} and {@link environmentName}.
 */
export const OPTIONS = {
  secret,
  secretFile: text({
    group: ACCESS,
    fallback: undefined,
    fallbackHelp: 'none',
    placeholder: 'file',
    expected: 'the path of a file',
    help: 'File that holds the secret, or two on two lines while one replaces the other; read again at SIGHUP.',
    valid: (value) => value !== '',
  }),
  host: text({
    group: ADDRESS,
    fallback: '0.0.0.0',
    placeholder: 'host',
    expected: 'a host name or an IP address, without port',
    help: 'Address to listen on.',
    valid: isHost,
  }),
  port: wholeNumber({
    group: ADDRESS,
    fallback: 8080,
    min: 0,
    max: 65_535,
    help: 'Port to listen on; 0 takes any free one.',
  }),
  publicUrl: text({
    group: ADDRESS,
    fallback: undefined,
    fallbackHelp: 'the address that each agent uses',
    placeholder: 'url',
    expected: 'an http or https URL without credentials, query and fragment',
    help: 'Address under which callers reach this proxy.',
    valid: isBaseUrl,
  }),
  domain: text({
    group: ADDRESS,
    fallback: undefined,
    fallbackHelp: 'none',
    placeholder: 'name',
    expected: 'a domain name such as tunnels.example.dev, without port',
    help: 'Each tunnel also has the host <code>.<name>, with all paths; names below it must lead to this proxy.',
    valid: isDomain,
  }),
  trustProxy,
  tlsCert: text({
    group: ADDRESS,
    fallback: undefined,
    fallbackHelp: 'none: no TLS',
    placeholder: 'file',
    expected: 'the path of a file',
    help: 'Certificate in PEM form, the intermediate ones after it; read again at SIGHUP.',
    valid: (value) => value !== '',
  }),
  tlsKey: text({
    group: ADDRESS,
    fallback: undefined,
    fallbackHelp: 'none',
    placeholder: 'file',
    expected: 'the path of a file',
    help: 'Private key of that certificate, in PEM form without a passphrase.',
    valid: (value) => value !== '',
  }),
  dataDir: text({
    group: QUEUE,
    fallback: undefined,
    fallbackHelp: 'none: nothing is kept',
    placeholder: 'folder',
    expected: 'the path of a folder',
    help: 'Folder in which requests are kept for tunnels that queue (caronte agent --offline queue). One proxy alone may use it.',
    valid: (value) => value !== '',
  }),
  ...LIMIT_OPTIONS,
  logFormat: choice({
    group: LOG,
    fallback: undefined,
    fallbackHelp: 'pretty on a terminal, else json',
    values: ['pretty', 'json'],
    help: 'Lines for people, or one JSON object a line.',
  }),
  logLevel: choice({
    group: LOG,
    fallback: 'info',
    values: ['silent', 'error', 'warn', 'info', 'debug'],
    help: 'The least urgent level that is logged.',
  }),
} satisfies Record<string, OptionSpec<unknown>>;

export type OptionName = keyof typeof OPTIONS;

/** The values of all options, by name. */
export type Settings = {
  readonly [Name in OptionName]:
    z.output<(typeof OPTIONS)[Name]['schema']> | (typeof OPTIONS)[Name]['fallback'];
};

/** All names, in the order of help. */
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

export const LIMIT_NAMES = Object.keys(LIMIT_OPTIONS) as readonly (keyof Limits)[];

/** `maxTimeoutLongPoll` is given as `--max-timeout-long-poll`. */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `maxTimeoutLongPoll` is read from `CARONTE_MAX_TIMEOUT_LONG_POLL`. */
export function environmentName(name: string): string {
  return `CARONTE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function seconds(
  name: keyof Limits,
  min: number,
  max: number,
  help: string,
): OptionSpec<number, number> {
  const fallback = DEFAULT_LIMITS[name];
  return wholeNumber({ group: TIMES, unit: 'seconds', min, max, fallback, help });
}

function count(name: keyof Limits, unit: string, help: string): OptionSpec<number, number> {
  const fallback = DEFAULT_LIMITS[name];
  return wholeNumber({ group: COUNTS, unit, min: 1, max: MANY, fallback, help });
}

function queued(
  name: keyof Limits,
  unit: string,
  max: number,
  help: string,
): OptionSpec<number, number> {
  const fallback = DEFAULT_LIMITS[name];
  return wholeNumber({ group: QUEUE, unit, min: 1, max, fallback, help });
}
