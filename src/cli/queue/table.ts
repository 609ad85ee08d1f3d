import type { QueueEntry } from 'caronte-proxy/protocol';
import type { SignatureTolerance } from '../../agent/index.ts';
import { age, pathOf, shorten, size, type Style, visible, visibleBytes } from '../view/index.ts';
import { SHORT_ID } from './ids.ts';

export interface TableOptions {
  readonly style: Style;
  readonly columns: number | undefined;
  /** In milliseconds since 1970. */
  readonly now: number;
  /** Whose signature a target would not take any more, by id. */
  readonly stale: ReadonlyMap<string, SignatureTolerance>;
}

const TITLES = ['ID', 'AGE', 'METHOD', 'PATH', 'SIZE', 'ATTEMPTS', 'DUE', 'REASON'] as const;

const PATH = TITLES.indexOf('PATH');

/** A path is not shortened below this many columns, even if the line wraps. */
const MIN_PATH = 16;

/** What a reason may take of a line before the path is shortened. */
const REASON = 30;

const GAP = 2;

/** Requests as lines below their titles. */
export function tableLines(entries: readonly QueueEntry[], options: TableOptions): string[] {
  const { style, columns, now, stale } = options;
  const rows = entries.map((entry) => cells(entry, now, stale.get(entry.id)));
  const widths = TITLES.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const room = pathRoom(widths, columns);
  widths[PATH] = Math.min(widths[PATH] ?? 0, room);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        (column === PATH ? shorten(cell, room) : cell).padEnd(widths[column] ?? 0),
      )
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    style.dim(line(TITLES)),
    ...rows.map((row, at) => paint(line(row), entries[at]?.state, style)),
  ];
}

function pathRoom(widths: readonly number[], columns: number | undefined): number {
  if (columns === undefined) return Infinity;
  const others = widths
    .map((width, column) => (column === widths.length - 1 ? Math.min(width, REASON) : width))
    .reduce((sum, width, column) => (column === PATH ? sum : sum + width + GAP), 0);
  return Math.max(MIN_PATH, columns - others);
}

function cells(
  entry: QueueEntry,
  now: number,
  stale: SignatureTolerance | undefined,
): readonly string[] {
  const { path, hasQuery } = pathOf(entry.target);
  return [
    entry.id.slice(0, SHORT_ID),
    age(now - entry.receivedAt),
    visibleBytes(entry.method),
    `${visibleBytes(path)}${hasQuery ? '?…' : ''}`,
    size(entry.size),
    String(entry.attempts),
    dueText(entry),
    [entry.reason ?? '', staleText(stale)]
      .filter((text) => text !== '')
      .map(visible)
      .join('; '),
  ];
}

/** When a request is delivered next; empty if it only waits for its turn. */
export function dueText({ state, dueInSeconds }: QueueEntry): string {
  if (state === 'delivering') return 'now';
  if (state === 'dead') return 'given up';
  const seconds = dueInSeconds ?? 0;
  return seconds === 0 ? '' : `in ${age(seconds * 1000)}`;
}

/** What is wrong with a signature that is too old; empty if nothing is. */
export function staleText(stale: SignatureTolerance | undefined): string {
  if (stale === undefined) return '';
  return `signature too old for ${stale.sender}: ${age(stale.seconds * 1000)}`;
}

function paint(text: string, state: QueueEntry['state'] | undefined, style: Style): string {
  return state === 'dead' ? style.bad(text) : text;
}
