import type { Clock } from '../routing/index.ts';
import type { MissedOp, MissedRow } from './messages.ts';
import type { MissedCount } from './store.ts';

type Kind = 'refused' | 'quota' | 'expired';

interface Numbers {
  refused: number;
  quota: number;
  expired: number;
  since: number;
}

const NOTHING: MissedCount = { refused: 0, quota: 0, expired: 0, since: undefined };

/** What was missed, by code: the counts, and what of them is still to be written. */
export class MissedLedger {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Numbers>();
  #unwritten = new Map<string, Numbers>();

  constructor(clock: Clock, rows: readonly MissedRow[]) {
    this.#clock = clock;
    for (const { code, ...numbers } of rows) this.#counts.set(code, numbers);
  }

  of(code: string): MissedCount {
    const numbers = this.#counts.get(code);
    return numbers === undefined ? NOTHING : { ...numbers };
  }

  note(code: string, kind: Kind): void {
    const since = this.#clock.wall();
    add(this.#counts, code, kind, 1, since);
    add(this.#unwritten, code, kind, 1, since);
  }

  /** The store has written these by itself. */
  expired(code: string, count: number): void {
    add(this.#counts, code, 'expired', count, this.#clock.wall());
  }

  /** What is to be written now. */
  take(): MissedOp[] {
    const ops = [...this.#unwritten].map(([code, numbers]) => opOf(code, numbers));
    this.#unwritten = new Map();
    return ops;
  }

  /** Forgets the counts of a code. Returns what is to be written for it; undefined: nothing. */
  clear(code: string): MissedOp | undefined {
    const numbers = this.#counts.get(code);
    if (numbers === undefined) return undefined;
    const unwritten = this.#unwritten.get(code);
    this.#counts.delete(code);
    this.#unwritten.delete(code);
    return opOf(code, {
      refused: (unwritten?.refused ?? 0) - numbers.refused,
      quota: (unwritten?.quota ?? 0) - numbers.quota,
      expired: (unwritten?.expired ?? 0) - numbers.expired,
      since: numbers.since,
    });
  }
}

function add(
  to: Map<string, Numbers>,
  code: string,
  kind: Kind,
  count: number,
  since: number,
): void {
  const numbers = to.get(code) ?? { refused: 0, quota: 0, expired: 0, since };
  numbers[kind] += count;
  to.set(code, numbers);
}

function opOf(code: string, numbers: Numbers): MissedOp {
  return { kind: 'missed', code, ...numbers };
}
