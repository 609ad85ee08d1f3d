import { METHODS } from 'node:http';
import {
  OFFLINE,
  type Offline,
  QUEUE_DEFAULTS,
  type QueuePolicy,
  REFUSED,
} from 'caronte-proxy/protocol';
import { readChoice } from '../tunnel/choice.ts';
import { boundsText, readNumber } from '../tunnel/numbers.ts';
import type { FlagHelp } from '../tunnel/flags.ts';
import type { CliWarning } from '../tunnel/options.ts';
import { definedOf, shown, unlessEmpty } from '../tunnel/values.ts';
import { AGENT_BOUNDS } from './bounds.ts';

/** The flags that say what becomes of requests that nobody can take now. */
export interface QueueFlags {
  readonly offline?: string;
  readonly queueMethods?: string;
  readonly parallel?: string;
  readonly deliveriesPerSecond?: string;
  readonly onRefused?: string;
  readonly dedupe?: string;
  readonly review?: true;
}

export const QUEUE_FLAGS: readonly FlagHelp[] = [
  [
    '--offline <refuse|queue>',
    'refuse: callers get 503 while no agent is there. queue: they get 202, and the proxy keeps their requests until an agent has delivered them; it needs --data-dir. Without --send-reply a proxy with --data-dir keeps every request first (default: CARONTE_OFFLINE, refuse)',
  ],
  [
    '--queue-methods <list>',
    `Methods whose requests may be kept, divided by commas (default: ${QUEUE_DEFAULTS.methods.join(',')})`,
  ],
  [
    '--parallel <number>',
    `Kept requests that are delivered at once; 1 keeps their order (${boundsText(AGENT_BOUNDS.parallel)}; default: ${QUEUE_DEFAULTS.parallel})`,
  ],
  [
    '--deliveries-per-second <number>',
    `Deliveries of kept requests begun in a second; 0: as many as the target takes (${boundsText(AGENT_BOUNDS.deliveriesPerSecond)}; default: ${QUEUE_DEFAULTS.perSecond})`,
  ],
  [
    '--on-refused <settle|dead|retry>',
    'What becomes of a kept request that the target answers with 3xx, or 4xx other than 408 and 429. settle: it is done. dead: it is given up, for you to look at. retry: it is delivered again, as after a 5xx (default: settle)',
  ],
  [
    '--dedupe <seconds>',
    `Keep a request only once if its sender's own id came within so many seconds before; 0: do not look (${boundsText(AGENT_BOUNDS.dedupe)}; default: ${QUEUE_DEFAULTS.dedupeSeconds})`,
  ],
  ['--review', 'Kept requests wait until you say "caronte queue resume"'],
];

export interface QueueOptions {
  readonly offline?: Offline;
  readonly queue?: Partial<QueuePolicy>;
}

export const QUEUE_FLAGS_UNUSED: CliWarning = {
  code: 'queue_flags_unused',
  message:
    'nothing is queued with --send-reply unless --offline is queue: the other flags of the queue are without effect',
};

/** Flag over environment; what is not given is left to the defaults. */
export function readQueueOptions(
  flags: QueueFlags,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): QueueOptions {
  const variable = unlessEmpty(env['CARONTE_OFFLINE']);
  const where = flags.offline === undefined ? 'CARONTE_OFFLINE' : '--offline';
  const offline = readChoice(where, flags.offline ?? variable, OFFLINE, problems);
  const { parallel, deliveriesPerSecond, dedupe } = AGENT_BOUNDS;
  const queue = definedOf({
    methods: readMethods(flags.queueMethods, problems),
    parallel: readNumber('--parallel', flags.parallel, parallel, problems),
    perSecond: readNumber(
      '--deliveries-per-second',
      flags.deliveriesPerSecond,
      deliveriesPerSecond,
      problems,
    ),
    refused: readChoice('--on-refused', flags.onRefused, REFUSED, problems),
    dedupeSeconds: readNumber('--dedupe', flags.dedupe, dedupe, problems),
    paused: flags.review,
  });
  return definedOf({
    offline,
    queue: Object.keys(queue).length > 0 ? queue : undefined,
  });
}

/** Whether flags of the queue were given although nothing will be queued. */
export function hasUnusedQueue({ offline, queue }: QueueOptions, sendReply: boolean): boolean {
  return queue !== undefined && sendReply && offline !== 'queue';
}

/** Methods that pass through a tunnel, in upper case. */
function readMethods(text: string | undefined, problems: string[]): string[] | undefined {
  if (text === undefined) return undefined;
  const methods = [...new Set(text.split(',').map((method) => method.trim().toUpperCase()))];
  const wrong = methods.filter((method) => !METHODS.includes(method) || NEVER.has(method));
  if (wrong.length === 0 && methods.length <= MOST_METHODS) return methods;
  const what = wrong.length === 0 ? `more than ${MOST_METHODS}` : wrong.map(shown).join(', ');
  problems.push(
    `--queue-methods: ${shown(text)} is not a list such as ${QUEUE_DEFAULTS.methods.join(',')}: ${what}`,
  );
  return undefined;
}

const NEVER = new Set(['CONNECT', 'TRACE']);

/** As the hello allows. */
const MOST_METHODS = 32;
