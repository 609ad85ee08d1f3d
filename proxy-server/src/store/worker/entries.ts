import type { LeaseOp, PutOp, Results, Row, SettleOp } from '../messages.ts';
import type { Settlement } from '../store.ts';
import { ROW_COLUMNS, type RawRow, rowOf } from './rows.ts';
import { BODY, STATE } from './schema.ts';
import type { Senders } from './senders.ts';
import { type Database, prepare } from './sqlite.ts';
import type { Tally } from './tally.ts';

/** No more is leased at once, in bytes: it is held in memory for as long as the deliveries take. */
const LEASE_BYTES = 8 * 1024 * 1024;

/** What is needed to know of an entry that changes its state. */
interface Known {
  readonly seq: number;
  readonly id: string;
  readonly code: string;
  readonly bytes: number;
  readonly body: number;
}

/** The way of an entry: put, leased, settled. Nothing here commits. */
export class Entries {
  readonly #senders: Senders;
  readonly #tally: Tally;
  readonly #maxAgeMs: number;
  readonly #sql: ReturnType<typeof statements>;
  #next: number;

  constructor(db: Database, senders: Senders, tally: Tally, maxAgeMs: number) {
    this.#senders = senders;
    this.#tally = tally;
    this.#maxAgeMs = maxAgeMs;
    this.#sql = statements(db);
    this.#next =
      (prepare<{ n: number | null }>(db, 'SELECT max(seq) AS n FROM entries').get()?.n ?? 0) + 1;
  }

  /** `content`: an inline body. `noRoom`: nothing new may be written. */
  put(op: PutOp, content: Uint8Array | undefined, now: number, noRoom: boolean): Results['put'] {
    const { id, code, dedupe } = op;
    if (dedupe !== undefined) {
      const of = this.#senders.find(code, dedupe.key, dedupe.windowMs, now);
      if (of !== undefined) return { kind: 'duplicate', of };
    }
    if (op.full !== undefined) return { kind: 'full', what: op.full };
    if (noRoom) return { kind: 'full', what: 'disk' };
    const seq = this.#next;
    this.#next += 1;
    const { receivedAt, attempts, bytes, size } = op;
    this.#sql.insert.run(seq, id, code, now, receivedAt, attempts, bytes, BODY[op.body], size);
    this.#sql.insertContent.run(seq, op.head, op.trailers ?? null, content ?? null);
    if (dedupe !== undefined) this.#senders.add(code, dedupe.key, dedupe.windowMs, id, now);
    this.#tally.add(code, { waiting: 1, bytes });
    return { kind: 'kept' };
  }

  lease({ code, most, only }: LeaseOp, now: number): Results['lease'] {
    this.#sql.makeDue.run(code, now);
    const rows: Row[] = [];
    let bytes = 0;
    const found =
      only === undefined
        ? this.#sql.due.all(code, now - this.#maxAgeMs, most)
        : only.slice(0, most).flatMap((id) => this.#sql.one.all(id, code));
    for (const { seq, size } of found) {
      bytes += size;
      if (rows.length > 0 && bytes > LEASE_BYTES) break;
      this.#sql.lease.run(seq);
      const row = this.#sql.row.get(seq);
      if (row !== undefined) rows.push(rowOf(row, now));
    }
    const due = this.#sql.nextDue.get(code)?.due ?? undefined;
    return { rows, nextDueInMs: due === undefined ? undefined : Math.max(0, due - now) };
  }

  settle({ settlements }: SettleOp, now: number): undefined {
    for (const settlement of settlements) {
      const entry = this.#sql.leased.get(settlement.id);
      if (entry !== undefined) this.#settle(entry, settlement, now);
    }
  }

  /** Removes an entry that is in the state that the caller says. */
  remove({ seq, id, code, bytes, body }: Known, was: 'waiting' | 'dead'): void {
    this.#sql.remove.run(seq);
    this.#sql.removeContent.run(seq);
    this.#tally.add(code, { [was]: -1, bytes: -bytes });
    if (body === BODY.spooled) this.#tally.fileGone(id);
  }

  /** Gives an entry up that waits or is being delivered. */
  bury({ seq, code }: Pick<Known, 'seq' | 'code'>, reason: string, now: number): void {
    this.#sql.bury.run(now, reason, seq);
    this.#tally.add(code, { waiting: -1, dead: 1 });
  }

  #settle(entry: Known, settlement: Settlement, now: number): void {
    switch (settlement.kind) {
      case 'done':
        this.remove(entry, 'waiting');
        return;
      case 'retry': {
        const { dueInMs, counts, reason } = settlement;
        const due = dueInMs > 0 ? now + Math.ceil(dueInMs) : 0;
        this.#sql.retry.run(due, counts ? 1 : 0, reason, entry.seq);
        return;
      }
      case 'dead':
        this.bury(entry, settlement.reason, now);
    }
  }
}

/** Numbers for states are in the text, so that SQLite sees which index fits. */
function statements(db: Database) {
  const { waiting, delivering, dead } = STATE;
  return {
    insert: prepare(
      db,
      `INSERT INTO entries
        (seq, id, code, state, due, since, received, attempt, failures, bytes, body, size)
        VALUES (?, ?, ?, ${waiting}, 0, ?, ?, ?, 0, ?, ?, ?)`,
    ),
    insertContent: prepare(db, 'INSERT INTO contents VALUES (?, ?, ?, ?)'),
    makeDue: prepare(
      db,
      `UPDATE entries SET due = 0 WHERE code = ? AND state = ${waiting} AND due > 0 AND due <= ?`,
    ),
    due: prepare<{ readonly seq: number; readonly size: number }>(
      db,
      `SELECT seq, CASE body WHEN ${BODY.inline} THEN bytes ELSE bytes - size END AS size
        FROM entries INDEXED BY entries_due
        WHERE code = ? AND state = ${waiting} AND due = 0 AND since > ? ORDER BY seq LIMIT ?`,
    ),
    one: prepare<{ readonly seq: number; readonly size: number }>(
      db,
      `SELECT seq, CASE body WHEN ${BODY.inline} THEN bytes ELSE bytes - size END AS size
        FROM entries WHERE id = ? AND code = ? AND state = ${waiting}`,
    ),
    nextDue: prepare<{ readonly due: number | null }>(
      db,
      `SELECT min(due) AS due FROM entries INDEXED BY entries_due WHERE code = ? AND state = ${waiting}`,
    ),
    lease: prepare(
      db,
      `UPDATE entries SET state = ${delivering}, attempt = attempt + 1 WHERE seq = ?`,
    ),
    row: prepare<RawRow>(db, `SELECT ${ROW_COLUMNS} WHERE entries.seq = ?`),
    leased: prepare<Known>(
      db,
      `SELECT seq, id, code, bytes, body FROM entries WHERE id = ? AND state = ${delivering}`,
    ),
    retry: prepare(
      db,
      `UPDATE entries SET state = ${waiting}, due = ?, failures = failures + ?, reason = ? WHERE seq = ?`,
    ),
    bury: prepare(
      db,
      `UPDATE entries SET state = ${dead}, due = 0, since = ?, reason = ? WHERE seq = ?`,
    ),
    remove: prepare(db, 'DELETE FROM entries WHERE seq = ?'),
    removeContent: prepare(db, 'DELETE FROM contents WHERE seq = ?'),
  };
}
