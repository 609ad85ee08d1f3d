import type { Batch, Op } from '../messages.ts';
import { ByHand } from './by-hand.ts';
import { Entries } from './entries.ts';
import { Notes } from './notes.ts';
import { Senders } from './senders.ts';
import type { Database } from './sqlite.ts';
import { type Ages, Sweep } from './sweep.ts';
import type { Tally } from './tally.ts';

/** What an operation has beside itself. */
export interface Moment extends Pick<Batch, 'now' | 'wall'> {
  /** The body of a put, if it is inline. */
  readonly content: Uint8Array | undefined;
  /** Nothing new may be written. */
  readonly noRoom: boolean;
}

/** All operations on an open database. Nothing here commits. */
export class Operations {
  readonly notes: Notes;
  readonly #entries: Entries;
  readonly #byHand: ByHand;
  readonly #sweep: Sweep;

  constructor(db: Database, tally: Tally, ages: Ages) {
    const senders = new Senders(db);
    const entries = new Entries(db, senders, tally, ages.maxAgeMs);
    this.notes = new Notes(db);
    this.#entries = entries;
    this.#byHand = new ByHand(db, entries, tally);
    this.#sweep = new Sweep(db, ages, { entries, senders, notes: this.notes, tally });
  }

  /** Returns what `Results` in messages.ts says for the kind. */
  apply(op: Op, { now, wall, content, noRoom }: Moment): unknown {
    switch (op.kind) {
      case 'put':
        return this.#entries.put(op, content, now, noRoom);
      case 'lease':
        this.#sweep.giveUp(now);
        return this.#entries.lease(op, now);
      case 'settle':
        return this.#entries.settle(op, now);
      case 'list':
        return this.#byHand.list(op, now);
      case 'get':
        return this.#byHand.get(op, now);
      case 'deliver':
        return this.#byHand.deliver(op, now);
      case 'discard':
        return this.#byHand.discard(op);
      case 'sweep':
        return this.#sweep.all(now, wall);
      case 'remember':
        return this.notes.remember(op);
      case 'forget':
        return this.notes.forget(op.code);
      case 'missed':
        return this.notes.missed(op);
    }
  }
}
