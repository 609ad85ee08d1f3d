import { failPoint } from '../../routing/fail-point.ts';
import type { Batch, Op, Outcome, Reply } from '../messages.ts';
import type { PutResult } from '../store.ts';
import type { Operations } from './operations.ts';
import type { Room } from './room.ts';
import { type Database, isNoRoom, rollBack } from './sqlite.ts';
import type { Tally } from './tally.ts';

const NO_DISK: PutResult = { kind: 'full', what: 'disk' };

type Work = Batch & { readonly contents: ReadonlyMap<Op, Uint8Array> };

/**
 * Brings batches to the disk: all of a batch in one commit, so that one wait for the disk does for
 * all of them. If that fails, each operation gets a commit of its own, and what fails then concerns
 * nobody else.
 */
export class Commits {
  readonly #db: Database;
  readonly #operations: Operations;
  readonly #tally: Tally;
  readonly #room: Room;

  constructor(db: Database, operations: Operations, tally: Tally, room: Room) {
    this.#db = db;
    this.#operations = operations;
    this.#tally = tally;
    this.#room = room;
  }

  run(batch: Batch): Reply {
    this.#room.regain(batch.now);
    const work = { ...batch, contents: contentsOf(batch) };
    const outcomes = this.#together(work) ?? batch.ops.map((op) => this.#alone(op, work));
    return { kind: 'reply', outcomes, ...this.#tally.take(), noRoom: this.#room.problem };
  }

  #together(work: Work): Outcome[] | undefined {
    if (work.ops.length === 1) return undefined;
    try {
      return this.#transaction(work.ops, work);
    } catch {
      return undefined;
    }
  }

  #alone(op: Op, work: Work): Outcome {
    try {
      return this.#transaction([op], work)[0] ?? failure(undefined);
    } catch (error) {
      if (!isNoRoom(error)) return failure(error);
      this.#room.lost(error, work.now);
      if (op.kind === 'put') return { ok: true, value: NO_DISK };
      return this.#room.giveUpBallast(work.now) ? this.#alone(op, work) : failure(error);
    }
  }

  #transaction(ops: readonly Op[], { now, wall, contents }: Work): Outcome[] {
    const noRoom = !this.#room.hasBallast;
    let puts = false;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const outcomes = ops.map((op): Outcome => {
        puts ||= op.kind === 'put';
        const content = contents.get(op);
        return { ok: true, value: this.#operations.apply(op, { now, wall, content, noRoom }) };
      });
      this.#operations.notes.keepTime(now);
      if (puts) failPoint('before_fsync');
      this.#db.exec('COMMIT');
      this.#tally.committed();
      if (puts) this.#room.found(now);
      return outcomes;
    } catch (error) {
      this.#tally.rolledBack();
      rollBack(this.#db);
      throw error;
    }
  }
}

function failure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, noRoom: isNoRoom(error), message };
}

/** Inline bodies travel one after the other. */
function contentsOf({ ops, bytes }: Batch): Map<Op, Uint8Array> {
  const contents = new Map<Op, Uint8Array>();
  let at = 0;
  for (const op of ops) {
    if (op.kind !== 'put' || op.body !== 'inline') continue;
    contents.set(op, bytes.subarray(at, at + op.size));
    at += op.size;
  }
  return contents;
}
