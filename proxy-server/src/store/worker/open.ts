import type { Change, Notice, Opened, WorkerInput } from '../messages.ts';
import { Ballast } from './ballast.ts';
import { checkBodies } from './check-bodies.ts';
import { Commits } from './commits.ts';
import { type Files, filesIn, makeFolders } from '../files.ts';
import { openDatabase } from './open-database.ts';
import { Operations } from './operations.ts';
import { Room } from './room.ts';
import { STATE } from './schema.ts';
import { type Database, loadSqlite, prepare } from './sqlite.ts';
import { Tally } from './tally.ts';

/** An open database, and what there is to say of it. */
export interface OpenedDatabase {
  readonly db: Database;
  readonly commits: Commits;
  readonly room: Room;
  readonly opened: Opened;
}

/** Opens the store in a folder. Throws if it cannot; the thread has to end before anybody tries again. */
export function openAll(input: WorkerInput): OpenedDatabase {
  const files = filesIn(input.dir);
  const open = loadSqlite(input.resolveFrom);
  makeFolders(files);
  const db = openDatabase(open, files);
  const tally = new Tally(db);
  const operations = new Operations(db, tally, input);
  const { notes } = operations;
  const steady = Math.max(Math.trunc(input.wall), notes.time);
  const notices = tidyUp(db, files, steady);
  const room = new Room(db, new Ballast(files.ballast, input.ballastBytes));
  const opened: Opened = {
    kind: 'opened',
    steady,
    kept: kept(db),
    policies: notes.policies(),
    missed: notes.allMissed(),
    notices,
    noRoom: room.problem,
  };
  return { db, commits: new Commits(db, operations, tally, room), room, opened };
}

/** Makes of what the last process has left what this one can go on with. */
function tidyUp(db: Database, files: Files, now: number): Notice[] {
  db.exec('BEGIN IMMEDIATE');
  // Whoever had them is not there any more.
  db.exec(`UPDATE entries SET state = ${STATE.waiting}, due = 0 WHERE state = ${STATE.delivering}`);
  const notices = checkBodies(db, files, now);
  db.exec('COMMIT');
  return notices;
}

function kept(db: Database): Change[] {
  const rows = prepare<Omit<Change, 'oldestReceivedAt'>>(
    db,
    `SELECT code, sum(state < 2) AS waiting, sum(state = 2) AS dead, sum(bytes) AS bytes
      FROM entries GROUP BY code`,
  ).all();
  const oldest = prepare<{ readonly received: number }>(
    db,
    'SELECT received FROM entries WHERE code = ? AND state < 2 ORDER BY seq LIMIT 1',
  );
  return rows.map((row) => ({ ...row, oldestReceivedAt: oldest.get(row.code)?.received }));
}
