import { chmodSync, closeSync, openSync } from 'node:fs';
import type { Files } from '../files.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { type Database, isBusy, isDamage, type OpenDatabase, prepare } from './sqlite.ts';
import { UnusableError } from './unusable.ts';

/** The database is not sound. */
export class DamagedError extends Error {}

/**
 * Opens the database, or makes it, and checks that it is sound. It is this process's alone from then
 * on. Nothing else in this process may open the file: with a POSIX lock, closing any descriptor of it
 * gives the lock up.
 *
 * If this throws, only the end of the thread closes the database, since not every SQLite that is used
 * here does so while there are prepared statements. One that is closed late would remove the log of
 * a new database under the old name.
 */
export function openDatabase(open: OpenDatabase, files: Files): Database {
  makeFile(files.database);
  try {
    const db = open(files.database);
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    // Nothing is written before it is known to be sound, and ours.
    const version = versionOf(db, files.dir);
    check(db);
    // This has to be said before anything is written, and is a write itself.
    if (version === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    configure(db);
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return db;
  } catch (error) {
    if (isBusy(error)) {
      throw new UnusableError(
        `The folder ${files.dir} is in use by another proxy: each needs a --data-dir of its own.`,
        { cause: error },
      );
    }
    if (isDamage(error)) throw new DamagedError(String(error), { cause: error });
    throw error;
  }
}

/** SQLite gives its other files the same permissions. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(path, 0o600);
  }
}

function configure(db: Database): void {
  // A commit is on disk when it returns; `fullfsync` is how macOS is told to mean that.
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
  `);
}

function check(db: Database): void {
  const [found] = prepare<{ readonly quick_check: string }>(db, 'PRAGMA quick_check(1)').all();
  if (found?.quick_check !== 'ok') throw new DamagedError(found?.quick_check ?? 'no answer');
}

/** 0: there is nothing in it yet. */
function versionOf(db: Database, dir: string): number {
  const row = prepare<{ readonly user_version: number }>(db, 'PRAGMA user_version').get();
  const version = row?.user_version ?? 0;
  if (version > SCHEMA_VERSION) {
    throw new UnusableError(
      `The folder ${dir} was written by a newer version of Caronte (format ${version}; this one ` +
        `knows ${SCHEMA_VERSION}). Use that version, or another --data-dir.`,
    );
  }
  return version;
}
