import type { Entries } from './entries.ts';
import type { Notes } from './notes.ts';
import { STATE } from './schema.ts';
import type { Senders } from './senders.ts';
import { type Database, prepare, type Statement } from './sqlite.ts';
import type { Tally } from './tally.ts';

/** So many entries are given up, or removed, in one commit at most. */
const STEP = 1_000;

interface Old {
  readonly seq: number;
  readonly id: string;
  readonly code: string;
  readonly bytes: number;
  readonly body: number;
}

export interface Ages {
  /** What waits for longer is given up. */
  readonly maxAgeMs: number;
  /** What was given up is removed after this. */
  readonly deadAgeMs: number;
}

interface SweepParts {
  readonly entries: Entries;
  readonly senders: Senders;
  readonly notes: Notes;
  readonly tally: Tally;
}

/** What time brings about. Nothing here commits. */
export class Sweep {
  readonly #ages: Ages;
  readonly #parts: SweepParts;
  readonly #old: Statement<Old>;

  constructor(db: Database, ages: Ages, parts: SweepParts) {
    this.#ages = ages;
    this.#parts = parts;
    this.#old = prepare(
      db,
      `SELECT seq, id, code, bytes, body FROM entries WHERE state = ? AND since <= ?
        ORDER BY since LIMIT ${STEP}`,
    );
  }

  /** Gives up what has waited for too long. Returns whether there is more. */
  giveUp(now: number): boolean {
    const old = this.#old.all(STATE.waiting, now - this.#ages.maxAgeMs);
    for (const entry of old) this.#parts.entries.bury(entry, 'expired', now);
    return old.length === STEP;
  }

  /** Does everything. Returns whether there is more of it. */
  all(now: number, wall: number): boolean {
    const { entries, senders, notes, tally } = this.#parts;
    const more = this.giveUp(now);
    const old = this.#old.all(STATE.dead, now - this.#ages.deadAgeMs);
    for (const entry of old) {
      entries.remove(entry, 'dead');
      tally.expired(entry.code);
      notes.missed({ code: entry.code, refused: 0, quota: 0, expired: 1, since: wall });
    }
    return senders.prune(now) || more || old.length === STEP;
  }
}
