import { createRequire } from 'node:module';
import { UnusableError } from './unusable.ts';

export type Value = string | number | null | Uint8Array;

export interface Statement<T> {
  run(...values: Value[]): { readonly changes: number | bigint };
  get(...values: Value[]): T | undefined;
  all(...values: Value[]): T[];
}

/** What is used of `node:sqlite`, whose types Node 20 does not have. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): unknown;
  close(): void;
}

export type OpenDatabase = (path: string) => Database;

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => Database;
}

const PACKAGE = '@photostructure/sqlite';

/**
 * SQLite: Node's own, which is there without a flag from 22.13 on, else that of a package of the same
 * interface. `resolveFrom` is the URL of a file beside which the package is looked for.
 */
export function loadSqlite(resolveFrom: string): OpenDatabase {
  const { DatabaseSync } = builtIn() ?? fromPackage(resolveFrom);
  return (path) => new DatabaseSync(path);
}

function builtIn(): SqliteModule | undefined {
  const load = process.getBuiltinModule as ((name: string) => unknown) | undefined;
  return load?.('node:sqlite') as SqliteModule | undefined;
}

function fromPackage(resolveFrom: string): SqliteModule {
  try {
    return createRequire(resolveFrom)(PACKAGE) as SqliteModule;
  } catch (cause) {
    throw new UnusableError(
      `--data-dir needs Node 22.13 or newer, or the package ${PACKAGE} beside this file`,
      { cause },
    );
  }
}

export function prepare<T>(db: Database, sql: string): Statement<T> {
  return db.prepare(sql) as Statement<T>;
}

export function rollBack(db: Database): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // After some errors SQLite has done so by itself.
  }
}

/** SQLite's extended result code of an error; undefined if it comes from elsewhere. */
export function resultCode(error: unknown): number | undefined {
  const code = (error as { readonly errcode?: unknown } | undefined)?.errcode;
  return typeof code === 'number' ? code : undefined;
}

const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
const SHORT_READ = 522;

/** Errors of writing: a quota of the file system shows itself as one of these, not as a full disk. */
const WRITE_ERRORS: readonly number[] = [
  778, // SQLITE_IOERR_WRITE
  1034, // SQLITE_IOERR_FSYNC
  1290, // SQLITE_IOERR_DIR_FSYNC
  1546, // SQLITE_IOERR_TRUNCATE
];

/** The disk does not take what is written. */
export function isNoRoom(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && ((code & 0xff) === FULL || WRITE_ERRORS.includes(code));
}

/** Somebody else has the database. */
export function isBusy(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === BUSY;
}

/** What is in the file is no sound database. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error) ?? 0;
  return (code & 0xff) === CORRUPT || (code & 0xff) === NOT_A_DATABASE || code === SHORT_READ;
}
