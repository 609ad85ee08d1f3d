import type { Row } from '../messages.ts';
import { BODY, STATE } from './schema.ts';

/** An entry as SQLite gives it. */
export interface RawRow {
  readonly id: string;
  readonly seq: number;
  readonly state: number;
  readonly due: number;
  readonly attempt: number;
  readonly failures: number;
  readonly reason: string | null;
  readonly body: number;
  readonly size: number;
  readonly head: string;
  readonly trailers: string | null;
  readonly content: Uint8Array | null;
}

const SMALL = `id, entries.seq AS seq, state, due, attempt, failures, reason, entries.body AS body, size,
  contents.head AS head`;

const TABLES = 'entries CROSS JOIN contents ON contents.seq = entries.seq';

/** What a whole row is selected by, up to its WHERE. */
export const ROW_COLUMNS = `${SMALL}, trailers, contents.body AS content FROM ${TABLES}`;

/** The same without its body. */
export const LISTED_COLUMNS = `${SMALL}, NULL AS trailers, NULL AS content FROM ${TABLES}`;

export function rowOf(raw: RawRow, now: number): Row {
  const { id, seq, due, attempt, failures, head, size } = raw;
  const state = nameOf(STATE, raw.state, 'waiting');
  return {
    id,
    seq,
    state,
    attempt,
    failures,
    dueInMs: state === 'waiting' ? Math.max(0, due - now) : undefined,
    reason: raw.reason ?? undefined,
    head,
    body: nameOf(BODY, raw.body, 'none'),
    size,
    trailers: raw.trailers ?? undefined,
    content: raw.content ?? undefined,
  };
}

function nameOf<Name extends string>(
  names: Readonly<Record<Name, number>>,
  value: number,
  fallback: Name,
): Name {
  for (const name in names) if (names[name] === value) return name;
  return fallback;
}
