import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Notice } from '../messages.ts';
import type { Files } from '../files.ts';
import { BODY, STATE } from './schema.ts';
import { type Database, prepare } from './sqlite.ts';

interface Spooled {
  readonly seq: number;
  readonly id: string;
  readonly code: string;
  readonly size: number;
}

/**
 * Compares the files of bodies with the entries. An entry without its body becomes a dead one that
 * cannot be delivered; a file without an entry was never accepted, or was delivered, and is removed.
 */
export function checkBodies(db: Database, { spool }: Files, now: number): Notice[] {
  const bury = prepare(
    db,
    `UPDATE entries SET state = ${STATE.dead}, damaged = 1, due = 0, since = ?, reason = ? WHERE seq = ?`,
  );
  const entries = prepare<Spooled>(
    db,
    `SELECT seq, id, code, size FROM entries WHERE body = ${BODY.spooled} AND damaged = 0`,
  ).all();
  const known = new Set(
    prepare<Spooled>(db, `SELECT id FROM entries WHERE body = ${BODY.spooled}`)
      .all()
      .map(({ id }) => id),
  );
  const notices: Notice[] = [];
  for (const { seq, id, code, size } of entries) {
    const file = join(spool, id);
    const found = statSync(file, { throwIfNoEntry: false })?.size;
    if (found === size) continue;
    const reason = found === undefined ? 'body_missing' : 'body_wrong_size';
    bury.run(now, reason, seq);
    notices.push({
      level: 'error',
      details: { code, id, file, size, found },
      message:
        'the body of a queued request is not as it was: the request is set aside among the dead ' +
        'letters and will not be delivered. Look at it, put it right by hand, then discard it',
    });
  }
  for (const name of readdirSync(spool)) {
    if (/^[0-9a-f]{32}$/.test(name) && !known.has(name)) rmSync(join(spool, name), { force: true });
  }
  return notices;
}
