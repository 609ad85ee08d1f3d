import type { Change, Reply } from '../messages.ts';
import { type Database, prepare, type Statement } from './sqlite.ts';

interface Delta {
  waiting: number;
  dead: number;
  bytes: number;
}

/** Notes what a transaction changes, and tells it once that is on disk. */
export class Tally {
  readonly #oldest: Statement<{ readonly received: number }>;
  /** Of the transaction under way. */
  #deltas = new Map<string, Delta>();
  #expired = new Map<string, number>();
  #files: string[] = [];
  /** Of those that are on disk and have not been told. */
  #told: Pick<Reply, 'changes' | 'files' | 'expired'> = NOTHING;

  constructor(db: Database) {
    this.#oldest = prepare(
      db,
      'SELECT received FROM entries WHERE code = ? AND state < 2 ORDER BY seq LIMIT 1',
    );
  }

  add(code: string, { waiting = 0, dead = 0, bytes = 0 }: Partial<Delta>): void {
    const delta = this.#deltas.get(code) ?? { waiting: 0, dead: 0, bytes: 0 };
    this.#deltas.set(code, {
      waiting: delta.waiting + waiting,
      dead: delta.dead + dead,
      bytes: delta.bytes + bytes,
    });
  }

  /** The entry is gone, and its body's file has no use any more. */
  fileGone(id: string): void {
    this.#files.push(id);
  }

  expired(code: string): void {
    this.#expired.set(code, (this.#expired.get(code) ?? 0) + 1);
  }

  committed(): void {
    const { changes, files, expired } = this.#told;
    this.#told = {
      changes: [...changes, ...this.#changes()],
      files: [...files, ...this.#files],
      expired: [...expired, ...[...this.#expired].map(([code, count]) => ({ code, count }))],
    };
    this.rolledBack();
  }

  rolledBack(): void {
    this.#deltas = new Map();
    this.#expired = new Map();
    this.#files = [];
  }

  take(): Pick<Reply, 'changes' | 'files' | 'expired'> {
    const told = this.#told;
    this.#told = NOTHING;
    return told;
  }

  #changes(): Change[] {
    return [...this.#deltas].map(([code, delta]) => ({
      code,
      ...delta,
      oldestReceivedAt: this.#oldest.get(code)?.received,
    }));
  }
}

const NOTHING = { changes: [], files: [], expired: [] };
