import type { BodyPlace, Details, Entry, Outcome, Place } from './entry.ts';

/** One line of a volume's index: an ended exchange. */
export interface IndexLine {
  readonly entry: Entry;
  readonly place: Place;
}

/** Written into each line, so that a later version can tell its own from this one's. */
const VERSION = 1;

export function encodeLine(line: IndexLine): string {
  return `${JSON.stringify({ v: VERSION, ...line })}\n`;
}

/** Reads a line; undefined if it is cut, damaged or of a version that is not known. */
export function decodeLine(text: string): IndexLine | undefined {
  const value = parse(text);
  if (!isObject(value) || value['v'] !== VERSION) return undefined;
  const { entry, place } = value;
  return isEntry(entry) && isPlace(place) ? { entry, place } : undefined;
}

/** Reads an exchange's details as `JSON.stringify` wrote them; undefined if they are damaged. */
export function decodeDetails(text: string): Details | undefined {
  const value = parse(text);
  return isDetails(value) ? value : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Entry {
  return (
    isObject(value) &&
    isName(value['key']) &&
    isCount(value['at']) &&
    typeof value['method'] === 'string' &&
    typeof value['target'] === 'string' &&
    isOptional(value['status'], isCount) &&
    isOptional(value['durationMs'], isCount) &&
    isCount(value['requestBytes']) &&
    isCount(value['responseBytes']) &&
    isOptional(value['delivery'], isCount) &&
    isOutcome(value['outcome'])
  );
}

function isOutcome(value: unknown): value is Outcome {
  if (!isObject(value)) return false;
  switch (value['kind']) {
    case 'replied':
    case 'kept':
    case 'copied':
    case 'interrupted':
      return true;
    case 'failed':
      return typeof value['code'] === 'string' && typeof value['detail'] === 'string';
    case 'cancelled':
      return typeof value['reason'] === 'string';
    case 'undelivered':
      return typeof value['detail'] === 'string';
    default:
      return false;
  }
}

function isPlace(value: unknown): value is Place {
  return (
    isObject(value) &&
    isRange(value['details']) &&
    isBodyPlace(value['request']) &&
    isBodyPlace(value['response'])
  );
}

function isBodyPlace(value: unknown): value is BodyPlace {
  if (!isObject(value)) return false;
  switch (value['kind']) {
    case 'none':
      return true;
    case 'packed':
      return isRange(value);
    case 'file':
      return isName(value['name']) && isCount(value['length']);
    default:
      return false;
  }
}

function isDetails(value: unknown): value is Details {
  if (!isObject(value)) return false;
  const { timing, response, queued } = value;
  return (
    ['url', 'service', 'caller', 'httpVersion'].every((name) => typeof value[name] === 'string') &&
    isFields(value['requestFields']) &&
    isObject(timing) &&
    isCount(timing['proxyReceivedAt']) &&
    isCount(timing['patienceMs']) &&
    isCount(timing['receivedAt']) &&
    Array.isArray(timing['attempts']) &&
    isOptional(queued, isQueued) &&
    isOptional(
      response,
      (head) =>
        isObject(head) &&
        isCount(head['status']) &&
        typeof head['reason'] === 'string' &&
        isFields(head['fields']) &&
        isFields(head['trailers']),
    )
  );
}

function isQueued(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { id, attempt, stale } = value;
  const isStale = (given: unknown): boolean =>
    isObject(given) && typeof given['sender'] === 'string' && isCount(given['seconds']);
  return typeof id === 'string' && isCount(attempt) && isOptional(stale, isStale);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOptional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** What becomes part of a path must not lead elsewhere. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/.test(value);
}

function isRange(value: unknown): value is { at: number; length: number } {
  return isObject(value) && isCount(value['at']) && isCount(value['length']);
}

function isFields(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
