import type { Change } from './messages.ts';
import type { Counts } from './store.ts';

/** What may be kept: entries and bytes of one code, bytes of all. */
export interface Quotas {
  readonly count: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** What an entry takes. */
export interface Share {
  readonly count: number;
  readonly bytes: number;
}

interface Account {
  waiting: number;
  dead: number;
  bytes: number;
  oldestReceivedAt: number | undefined;
  /** Taken, and not on disk yet. */
  readonly reserved: { count: number; bytes: number };
}

const NOTHING: Counts = { waiting: 0, dead: 0, bytes: 0, oldestReceivedAt: undefined };

/** What is kept of each code, and whether there is room for more. */
export class Ledger {
  readonly #quotas: Quotas;
  /** They stay: accounts that came and went with entries would cost more, see docs/decisions/0004. */
  readonly #accounts = new Map<string, Account>();
  #total = 0;

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
  }

  counts(code: string): Counts {
    const account = this.#accounts.get(code);
    if (account === undefined) return NOTHING;
    const { waiting, dead, bytes, oldestReceivedAt } = account;
    return { waiting, dead, bytes, oldestReceivedAt };
  }

  codes(): string[] {
    return [...this.#accounts]
      .filter(([, { waiting, dead }]) => waiting + dead > 0)
      .map(([code]) => code);
  }

  apply({ code, waiting, dead, bytes, oldestReceivedAt }: Change): void {
    const account = this.#account(code);
    account.waiting += waiting;
    account.dead += dead;
    account.bytes += bytes;
    account.oldestReceivedAt = oldestReceivedAt;
    this.#total += bytes;
  }

  /** Which quota does not allow so much more; undefined if all do. */
  over(code: string, { count, bytes }: Share): 'count' | 'bytes' | 'total' | undefined {
    const account = this.#accounts.get(code) ?? EMPTY;
    const { waiting, dead, reserved } = account;
    if (waiting + dead + reserved.count + count > this.#quotas.count) return 'count';
    if (account.bytes + reserved.bytes + bytes > this.#quotas.bytes) return 'bytes';
    return this.#total + bytes > this.#quotas.totalBytes ? 'total' : undefined;
  }

  reserve(code: string, { count, bytes }: Share): void {
    const { reserved } = this.#account(code);
    reserved.count += count;
    reserved.bytes += bytes;
    this.#total += bytes;
  }

  release(code: string, { count, bytes }: Share): void {
    this.reserve(code, { count: -count, bytes: -bytes });
  }

  #account(code: string): Account {
    let account = this.#accounts.get(code);
    if (account === undefined) {
      account = { ...NOTHING, reserved: { count: 0, bytes: 0 } };
      this.#accounts.set(code, account);
    }
    return account;
  }
}

const EMPTY: Readonly<Account> = { ...NOTHING, reserved: { count: 0, bytes: 0 } };
