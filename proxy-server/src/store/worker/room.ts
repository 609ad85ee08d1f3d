import type { Ballast } from './ballast.ts';
import { type Database, prepare, type Statement } from './sqlite.ts';

/** Without ballast, room for it is looked for this often, in milliseconds. */
const REGAIN_MS = 1_000;

/** The disk is said to have room again once nothing has failed for so long, in milliseconds. */
const RESTED_MS = 10_000;

/** Pages of 4 KiB that are given back to the disk in one go: in passing, and when room is sought. */
const TRIM_PAGES = 128;
const SHRINK_PAGES = 1_024;

/** Free pages that the file keeps; the next entries go there. */
const SPARE_PAGES = 4_096;

/** What room there is on the disk, and the ways to make some. */
export class Room {
  readonly #db: Database;
  readonly #ballast: Ballast;
  readonly #free: Statement<{ readonly freelist_count: number }>;
  readonly #pages: Statement<{ readonly page_count: number }>;
  #problem: string | undefined;
  #lostAt = 0;
  #triedAt = -Infinity;

  constructor(db: Database, ballast: Ballast) {
    this.#db = db;
    this.#ballast = ballast;
    this.#free = prepare(db, 'PRAGMA freelist_count');
    this.#pages = prepare(db, 'PRAGMA page_count');
    if (!ballast.make()) this.#problem = 'there is no room for the ballast file';
  }

  /** Why nothing new is taken; undefined if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get hasBallast(): boolean {
    return this.#ballast.there;
  }

  lost(error: unknown, now: number): void {
    this.#problem = String(error);
    this.#lostAt = now;
  }

  /** Something new could be written. Small things may fit where large ones do not: that says little. */
  found(now: number): void {
    if (this.#ballast.there && now - this.#lostAt >= RESTED_MS) this.#problem = undefined;
  }

  /** False: there is none left. */
  giveUpBallast(now: number): boolean {
    this.#triedAt = now;
    return this.#ballast.giveUp();
  }

  /** Makes the ballast again if there is room, now and then. */
  regain(now: number): void {
    if (this.#ballast.there || now - this.#triedAt < REGAIN_MS) return;
    this.#triedAt = now;
    this.#shrink();
    if (this.#ballast.make()) this.#problem = undefined;
  }

  /**
   * Gives back to the disk what a long queue has left, a little at a time, once it is most of the
   * file. Returns whether there is more.
   */
  trim(): boolean {
    const free = this.#freePages();
    if (free <= SPARE_PAGES || free <= (this.#pages.get()?.page_count ?? 0) / 2) return false;
    this.#try(`PRAGMA incremental_vacuum(${TRIM_PAGES})`);
    return this.#freePages() < free;
  }

  #freePages(): number {
    return this.#free.get()?.freelist_count ?? 0;
  }

  /** The log is copied into the database, which ends where its last used page does. */
  #shrink(): void {
    this.#try(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
    this.#try('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  #try(sql: string): void {
    try {
      this.#db.exec(sql);
    } catch {
      // There is no room for it, and there will be another time.
    }
  }
}
