import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where what is, in the folder of a store. */
export interface Files {
  readonly dir: string;
  readonly database: string;
  readonly spool: string;
  readonly ballast: string;
}

export function filesIn(dir: string): Files {
  return {
    dir,
    database: join(dir, 'queue.db'),
    spool: join(dir, 'bodies'),
    ballast: join(dir, 'ballast'),
  };
}

/** Makes the folders that are missing, for nobody but the user of this process. */
export function makeFolders({ dir, spool }: Files): void {
  mkdirSync(spool, { recursive: true, mode: 0o700 });
  for (const folder of [dir, dirname(dir)]) syncFolder(folder);
}

/**
 * Renames the database and its bodies, so that a new one can be made. Returns the new name of the
 * database.
 */
export function setAside({ dir, database, spool }: Files, wall: number): string {
  const mark = `.damaged-${new Date(wall).toISOString().replace(/[:.]/g, '-')}`;
  const aside = `${database}${mark}`;
  renameSync(spool, `${spool}${mark}`);
  // SQLite looks for its log under the name of the database.
  if (existsSync(`${database}-wal`)) renameSync(`${database}-wal`, `${aside}-wal`);
  renameSync(database, aside);
  syncFolder(dir);
  return aside;
}

/** Has the names in a folder on disk. */
function syncFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch {
    // Windows opens no folders, and a parent may be nobody's to read.
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // Some file systems have nothing to sync there.
  } finally {
    closeSync(folder);
  }
}
