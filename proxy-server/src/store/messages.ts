import type { PutResult, RememberedPolicy, Selection, Settlement } from './store.ts';

/** What the thread that has the database is started with. */
export interface WorkerInput {
  readonly dir: string;
  /** A file from beside which packages are loaded, as a URL. */
  readonly resolveFrom: string;
  /** Milliseconds since 1970. */
  readonly wall: number;
  readonly maxAgeMs: number;
  readonly deadAgeMs: number;
  readonly ballastBytes: number;
}

export interface PutOp {
  readonly kind: 'put';
  readonly id: string;
  readonly code: string;
  /** JSON of a stored head. */
  readonly head: string;
  readonly receivedAt: number;
  /** What counts for the quotas. */
  readonly bytes: number;
  readonly body: 'none' | 'inline' | 'spooled';
  readonly size: number;
  /** JSON. */
  readonly trailers: string | undefined;
  readonly attempts: number;
  readonly dedupe: { readonly key: string; readonly windowMs: number } | undefined;
  /** A quota is full: this can be a duplicate, or nothing. */
  readonly full: 'count' | 'bytes' | 'total' | undefined;
}

export interface LeaseOp {
  readonly kind: 'lease';
  readonly code: string;
  readonly most: number;
  /** These alone; absent: the oldest. */
  readonly only?: readonly string[];
}

export interface SettleOp {
  readonly kind: 'settle';
  readonly settlements: readonly Settlement[];
}

export interface ListOp {
  readonly kind: 'list';
  readonly code: string;
  readonly state: 'waiting' | 'dead';
  readonly after: number;
  readonly most: number;
}

export interface GetOp {
  readonly kind: 'get';
  readonly code: string;
  readonly id: string;
}

/** By a person's hand. */
export interface HandOp {
  readonly kind: 'deliver' | 'discard';
  readonly code: string;
  readonly which: Selection;
}

/** Does what time brings about. */
export interface SweepOp {
  readonly kind: 'sweep';
}

export interface RememberOp extends RememberedPolicy {
  readonly kind: 'remember';
}

export interface ForgetOp {
  readonly kind: 'forget';
  readonly code: string;
}

/** Adds to what was missed; negative numbers take away. */
export interface MissedOp {
  readonly kind: 'missed';
  readonly code: string;
  readonly refused: number;
  readonly quota: number;
  readonly expired: number;
  readonly since: number;
}

export type Op =
  PutOp | LeaseOp | SettleOp | ListOp | GetOp | HandOp | SweepOp | RememberOp | ForgetOp | MissedOp;

/** An entry as it travels between the threads. */
export interface Row {
  readonly id: string;
  readonly seq: number;
  readonly state: 'waiting' | 'delivering' | 'dead';
  readonly attempt: number;
  readonly failures: number;
  readonly dueInMs: number | undefined;
  readonly reason: string | undefined;
  readonly head: string;
  readonly body: PutOp['body'];
  readonly size: number;
  readonly trailers: string | undefined;
  readonly content: Uint8Array | undefined;
}

/** What an operation brings, by its kind. */
export interface Results {
  readonly put: PutResult;
  readonly lease: { readonly rows: readonly Row[]; readonly nextDueInMs: number | undefined };
  readonly settle: undefined;
  readonly list: { readonly rows: readonly Row[]; readonly next: number | undefined };
  readonly get: Row | undefined;
  /** How many entries; for `discard` not all at once, {@link DISCARD_STEP} at most. */
  readonly deliver: number;
  readonly discard: number;
  /** Whether there is more to do. */
  readonly sweep: boolean;
  readonly remember: undefined;
  readonly forget: undefined;
  readonly missed: undefined;
}

/** So many entries are removed in one commit. */
export const DISCARD_STEP = 1_000;

export type Outcome<T = unknown> =
  | { readonly ok: true; readonly value: T }
  /** `noRoom`: the disk takes no more. */
  | { readonly ok: false; readonly noRoom: boolean; readonly message: string };

/** Operations that share a commit. */
export interface Batch {
  readonly ops: readonly Op[];
  /** The inline bodies of all puts, one after the other. */
  readonly bytes: Uint8Array;
  /** Steady time, in whole milliseconds. */
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

/** How what is kept of a code has changed. */
export interface Change {
  readonly code: string;
  readonly waiting: number;
  readonly dead: number;
  readonly bytes: number;
  /** Not how it has changed, but what it is. */
  readonly oldestReceivedAt: number | undefined;
}

/** A batch is on disk, as far as its outcomes say so. */
export interface Reply {
  readonly kind: 'reply';
  /** In the order of the operations. */
  readonly outcomes: readonly Outcome[];
  readonly changes: readonly Change[];
  /** Ids of entries that are gone; their bodies' files can go too. */
  readonly files: readonly string[];
  /** Dead entries that were removed for their age. */
  readonly expired: readonly { readonly code: string; readonly count: number }[];
  /** Why the disk takes no more; undefined if it does. */
  readonly noRoom: string | undefined;
}

export interface Notice {
  readonly level: 'info' | 'warn' | 'error';
  readonly details: object;
  readonly message: string;
}

export interface MissedRow {
  readonly code: string;
  readonly refused: number;
  readonly quota: number;
  readonly expired: number;
  readonly since: number;
}

/** The database is open. */
export interface Opened {
  readonly kind: 'opened';
  /** Steady time at the moment that {@link WorkerInput} calls `wall`. */
  readonly steady: number;
  readonly kept: readonly Change[];
  readonly policies: readonly RememberedPolicy[];
  readonly missed: readonly MissedRow[];
  /** What the log is to say. */
  readonly notices: readonly Notice[];
  readonly noRoom: string | undefined;
}

/** It cannot be opened. */
export interface NotOpened {
  readonly kind: 'failed';
  readonly why: 'damaged' | 'no room' | 'unusable';
  readonly message: string;
}

export type FromWorker = Opened | NotOpened | Reply;

export type ToWorker = Batch | 'close';
