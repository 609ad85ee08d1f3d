/** Format of the database, in its `user_version`. A change of the tables is a new number. */
export const SCHEMA_VERSION = 1;

export const STATE = { waiting: 0, delivering: 1, dead: 2 } as const;

export const BODY = { none: 0, inline: 1, spooled: 2 } as const;

/**
 * An entry is a small row, which changes with each delivery, and a large one, which never does.
 *
 * - `seq`: its place; what came later has a higher one.
 * - `due`: when it may be delivered; 0 as soon as that is so, so that what is due can be read by place.
 * - `since`: since when it waits, or is dead. Both are steady times, see `steady-time.ts`.
 * - `received`: milliseconds since 1970, for people.
 * - `bytes`: what it counts for the quotas; `size`: of its body alone.
 * - `damaged`: 1 if its body is lost, so that it cannot be delivered any more.
 *
 * `senders` holds a hash of the id that a sender gave to what it sent, for as long as that is not to
 * be kept again.
 */
export const SCHEMA = `
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  code TEXT NOT NULL,
  state INTEGER NOT NULL,
  due INTEGER NOT NULL,
  since INTEGER NOT NULL,
  received INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  body INTEGER NOT NULL,
  size INTEGER NOT NULL,
  damaged INTEGER NOT NULL DEFAULT 0,
  reason TEXT
) STRICT;
CREATE INDEX entries_alive ON entries (code) WHERE state < 2;
CREATE INDEX entries_dead ON entries (code) WHERE state = 2;
CREATE INDEX entries_due ON entries (code, due) WHERE state = 0;
CREATE INDEX entries_since ON entries (state, since);
CREATE TABLE contents (seq INTEGER PRIMARY KEY, head TEXT NOT NULL, trailers TEXT, body BLOB) STRICT;
CREATE TABLE senders (
  code TEXT NOT NULL,
  key TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (code, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX senders_until ON senders (until);
CREATE TABLE policies (code TEXT PRIMARY KEY, policy TEXT NOT NULL, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE missed (
  code TEXT PRIMARY KEY,
  refused INTEGER NOT NULL,
  quota INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), steady INTEGER NOT NULL) STRICT;
PRAGMA user_version = ${SCHEMA_VERSION};
`;
