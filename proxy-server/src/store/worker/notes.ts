import type { MissedRow } from '../messages.ts';
import type { RememberedPolicy } from '../store.ts';
import { type Database, prepare } from './sqlite.ts';

/** The steady time is written at most this often, in milliseconds. */
const TIME_STEP = 1_000;

/** What is known of tunnels beside their entries, and the time. Nothing here commits. */
export class Notes {
  readonly #sql: ReturnType<typeof statements>;
  #timeKept: number;

  constructor(db: Database) {
    this.#sql = statements(db);
    this.#timeKept = this.#sql.time.get()?.steady ?? 0;
  }

  /** The latest steady time that is on disk. */
  get time(): number {
    return this.#timeKept;
  }

  keepTime(now: number): void {
    if (now - this.#timeKept < TIME_STEP) return;
    this.#sql.keepTime.run(now);
    this.#timeKept = now;
  }

  policies(): RememberedPolicy[] {
    return this.#sql.policies.all();
  }

  remember({ code, policy, seenAt }: RememberedPolicy): undefined {
    this.#sql.remember.run(code, policy, Math.trunc(seenAt));
  }

  forget(code: string): undefined {
    this.#sql.forget.run(code);
  }

  allMissed(): MissedRow[] {
    return this.#sql.allMissed.all();
  }

  /** Adds to the counts; what comes to nothing is forgotten. */
  missed({ code, refused, quota, expired, since }: MissedRow): undefined {
    this.#sql.missed.run(code, refused, quota, expired, Math.trunc(since));
    if (refused + quota + expired < 0) this.#sql.nothingMissed.run(code);
  }
}

function statements(db: Database) {
  return {
    time: prepare<{ readonly steady: number }>(db, 'SELECT steady FROM clock'),
    keepTime: prepare(db, 'INSERT OR REPLACE INTO clock VALUES (1, ?)'),
    policies: prepare<RememberedPolicy>(
      db,
      'SELECT code, policy, seen AS seenAt FROM policies ORDER BY code',
    ),
    remember: prepare(db, 'INSERT OR REPLACE INTO policies VALUES (?, ?, ?)'),
    forget: prepare(db, 'DELETE FROM policies WHERE code = ?'),
    allMissed: prepare<MissedRow>(db, 'SELECT * FROM missed'),
    missed: prepare(
      db,
      `INSERT INTO missed VALUES (?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET
        refused = refused + excluded.refused, quota = quota + excluded.quota,
        expired = expired + excluded.expired`,
    ),
    nothingMissed: prepare(
      db,
      'DELETE FROM missed WHERE code = ? AND refused <= 0 AND quota <= 0 AND expired <= 0',
    ),
  };
}
