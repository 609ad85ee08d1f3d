import { DISCARD_STEP, type GetOp, type HandOp, type ListOp, type Results } from '../messages.ts';
import type { Entries } from './entries.ts';
import { LISTED_COLUMNS, type RawRow, ROW_COLUMNS, rowOf } from './rows.ts';
import { STATE } from './schema.ts';
import { type Database, prepare } from './sqlite.ts';
import type { Tally } from './tally.ts';

interface Found {
  readonly seq: number;
  readonly id: string;
  readonly code: string;
  readonly state: number;
  readonly bytes: number;
  readonly body: number;
}

/** What people see of the queues, and do to them. Nothing here commits. */
export class ByHand {
  readonly #entries: Entries;
  readonly #tally: Tally;
  readonly #sql: ReturnType<typeof statements>;

  constructor(db: Database, entries: Entries, tally: Tally) {
    this.#entries = entries;
    this.#tally = tally;
    this.#sql = statements(db);
  }

  list({ code, state, after, most }: ListOp, now: number): Results['list'] {
    const statement = state === 'dead' ? this.#sql.listDead : this.#sql.listAlive;
    const raw = statement.all(code, after, most + 1);
    const rows = raw.slice(0, most).map((row) => rowOf(row, now));
    return { rows, next: raw.length > most ? rows.at(-1)?.seq : undefined };
  }

  get({ code, id }: GetOp, now: number): Results['get'] {
    const raw = this.#sql.get.get(code, id);
    return raw === undefined ? undefined : rowOf(raw, now);
  }

  deliver({ code, which }: HandOp, now: number): number {
    if (which === 'all waiting') return Number(this.#sql.hurryAll.run(code).changes);
    if (which === 'all dead') {
      const count = Number(this.#sql.reviveAll.run(now, code).changes);
      if (count > 0) this.#tally.add(code, { waiting: count, dead: -count });
      return count;
    }
    let count = 0;
    for (const id of which) {
      if (this.#sql.hurry.run(code, id).changes !== 0) count += 1;
      else if (this.#sql.revive.run(now, code, id).changes !== 0) {
        count += 1;
        this.#tally.add(code, { waiting: 1, dead: -1 });
      }
    }
    return count;
  }

  discard({ code, which }: HandOp): number {
    const found =
      which === 'all dead'
        ? this.#sql.someDead.all(code)
        : which === 'all waiting'
          ? this.#sql.someWaiting.all(code)
          : which.flatMap((id) => this.#sql.find.get(code, id) ?? []);
    for (const one of found)
      this.#entries.remove(one, one.state === STATE.dead ? 'dead' : 'waiting');
    return found.length;
  }
}

function statements(db: Database) {
  const { waiting, delivering, dead } = STATE;
  const revive = `UPDATE entries SET state = ${waiting}, due = 0, failures = 0, since = ?
    WHERE code = ? AND state = ${dead} AND damaged = 0`;
  const hurry = `UPDATE entries SET due = 0, failures = 0 WHERE code = ? AND state = ${waiting}`;
  const found = 'SELECT seq, id, code, state, bytes, body FROM entries WHERE code = ?';
  const page = 'AND entries.seq > ? ORDER BY entries.seq LIMIT ?';
  return {
    listAlive: prepare<RawRow>(db, `SELECT ${LISTED_COLUMNS} WHERE code = ? AND state < 2 ${page}`),
    listDead: prepare<RawRow>(db, `SELECT ${LISTED_COLUMNS} WHERE code = ? AND state = 2 ${page}`),
    get: prepare<RawRow>(db, `SELECT ${ROW_COLUMNS} WHERE code = ? AND id = ?`),
    revive: prepare(db, `${revive} AND id = ?`),
    reviveAll: prepare(db, revive),
    hurry: prepare(db, `${hurry} AND id = ?`),
    hurryAll: prepare(db, hurry),
    find: prepare<Found>(db, `${found} AND id = ? AND state <> ${delivering}`),
    someDead: prepare<Found>(db, `${found} AND state = ${dead} LIMIT ${DISCARD_STEP}`),
    someWaiting: prepare<Found>(db, `${found} AND state = ${waiting} LIMIT ${DISCARD_STEP}`),
  };
}
