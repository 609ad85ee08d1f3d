import { hash } from 'node:crypto';
import { type Database, prepare, type Statement } from './sqlite.ts';

/** So many ids of senders are remembered, of all codes; the ones that would be forgotten first go. */
const MOST = 1_000_000;

/** So many are forgotten in one commit at most. */
const STEP = 10_000;

/** The ids that senders gave to what they sent, as far as a second one is not to be kept. */
export class Senders {
  readonly #find: Statement<{ readonly id: string; readonly at: number }>;
  readonly #insert: Statement<never>;
  readonly #prune: Statement<never>;
  readonly #shed: Statement<never>;
  readonly #counted: Statement<{ readonly n: number }>;
  /** At least as many as there are. */
  #count: number;

  constructor(db: Database) {
    this.#find = prepare(db, 'SELECT id, at FROM senders WHERE code = ? AND key = ?');
    this.#insert = prepare(db, 'INSERT OR REPLACE INTO senders VALUES (?, ?, ?, ?, ?)');
    this.#prune = prepare(
      db,
      `DELETE FROM senders WHERE (code, key) IN
        (SELECT code, key FROM senders WHERE until <= ? ORDER BY until LIMIT ${STEP})`,
    );
    this.#shed = prepare(
      db,
      `DELETE FROM senders WHERE (code, key) IN
        (SELECT code, key FROM senders ORDER BY until LIMIT ?)`,
    );
    this.#counted = prepare(db, 'SELECT count(*) AS n FROM senders');
    this.#count = this.#recount();
  }

  /** The entry that came with the same id within the time before. */
  find(code: string, key: string, windowMs: number, now: number): string | undefined {
    const found = this.#find.get(code, digest(key));
    return found !== undefined && found.at + windowMs > now ? found.id : undefined;
  }

  add(code: string, key: string, windowMs: number, id: string, now: number): void {
    this.#insert.run(code, digest(key), id, now, now + windowMs);
    this.#count += 1;
  }

  /** Forgets what has no use any more. Returns whether there is more of it. */
  prune(now: number): boolean {
    const gone = Number(this.#prune.run(now).changes);
    this.#count -= gone;
    if (this.#count > MOST) this.#count = this.#recount();
    const over = this.#count - MOST;
    if (over > 0) this.#count -= Number(this.#shed.run(Math.min(over, STEP)).changes);
    return gone === STEP || over > STEP;
  }

  #recount(): number {
    return this.#counted.get()?.n ?? 0;
  }
}

/** 132 bits: nobody finds a second id with the same. */
function digest(key: string): string {
  return hash('sha256', key, 'base64url').slice(0, 22);
}
