import type { Readable } from 'node:stream';

/** What one queued request is, apart from its body. */
export interface StoredHead {
  readonly method: string;
  /** Path and query below the code, byte for byte, in Latin-1. */
  readonly target: string;
  readonly httpVersion: string;
  /** The caller's network address. */
  readonly caller: string;
  /** Names and values in turn. */
  readonly fields: readonly string[];
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

export type StoredBodyPart =
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly bytes: Buffer }
  /** In a file of its own, from {@link Store.spool}; `size` in bytes. */
  | { readonly kind: 'spooled'; readonly size: number; readonly trailers: readonly string[] };

export interface NewEntry {
  /** 32 hexadecimal digits; never used before. */
  readonly id: string;
  readonly code: string;
  readonly head: StoredHead;
  readonly body: StoredBodyPart;
  /** Deliveries that it has had already; absent: none. */
  readonly attempts?: number;
  /** The sender's own id: a second entry with it within the window is not kept. */
  readonly dedupe?: { readonly key: string; readonly windowMs: number };
}

export type PutResult =
  | { readonly kind: 'kept' }
  /** The entry `of` was kept before, with the same sender's id. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** Over a quota: entries of the code, their bytes, the bytes of all codes; or the disk takes no more. */
  | { readonly kind: 'full'; readonly what: 'count' | 'bytes' | 'total' | 'disk' };

/** An entry that is to be delivered now. */
export interface Leased {
  readonly id: string;
  readonly code: string;
  readonly head: StoredHead;
  readonly body: StoredBodyPart;
  /** Number of this delivery, from 1; on disk already. */
  readonly attempt: number;
  /** Earlier deliveries that count towards the limit of failures. */
  readonly failures: number;
}

/** What became of a delivery. */
export type Settlement =
  /** The entry is removed. */
  | { readonly id: string; readonly kind: 'done' }
  /** It waits again; `counts`: towards the limit of failures. */
  | {
      readonly id: string;
      readonly kind: 'retry';
      readonly dueInMs: number;
      readonly reason: string;
      readonly counts: boolean;
    }
  | { readonly id: string; readonly kind: 'dead'; readonly reason: string };

/** What is kept of one code. */
export interface Counts {
  /** Entries that wait or are being delivered. */
  readonly waiting: number;
  readonly dead: number;
  /** All of them, heads included. */
  readonly bytes: number;
  /** Of those that wait or are being delivered; milliseconds since 1970. */
  readonly oldestReceivedAt: number | undefined;
}

/** An entry as a list shows it. */
export interface Listed {
  readonly id: string;
  /** Its place: lists and deliveries go by it. */
  readonly seq: number;
  readonly state: 'waiting' | 'delivering' | 'dead';
  readonly method: string;
  readonly target: string;
  readonly receivedAt: number;
  /** Of the body, in bytes. */
  readonly size: number;
  /** Deliveries that were begun. */
  readonly attempts: number;
  /** Undefined unless it waits. */
  readonly dueInMs: number | undefined;
  /** Why the last delivery failed, or why it is dead. */
  readonly reason: string | undefined;
}

export interface Entry {
  readonly id: string;
  readonly code: string;
  readonly head: StoredHead;
  readonly body: StoredBodyPart;
  readonly listed: Listed;
}

/** Which entries of a code are meant. */
export type Selection = readonly string[] | 'all dead' | 'all waiting';

/** A body on its way into a file. */
export interface Spool {
  /** It is over a quota, or the disk takes no more: what comes from now on is dropped. */
  readonly full: boolean;
  /** False: wait for {@link onDrain}. */
  write(piece: Buffer): boolean;
  /** Calls back once, when there is room for more. */
  onDrain(callback: () => void): void;
  /** The body is whole. `kept`: it is on disk, for as long as a {@link Store.put} follows or {@link discard}. */
  finish(): Promise<'kept' | 'full'>;
  /** Nobody wants it any more. After {@link Store.put} it does nothing. */
  discard(): void;
}

/** How many requests of a code were lost since the counts were cleared, and why. */
export interface MissedCount {
  readonly refused: number;
  readonly quota: number;
  readonly expired: number;
  /** When the first of them was, in milliseconds since 1970. */
  readonly since: number | undefined;
}

/** The policy of a tunnel, which outlives agent and proxy. */
export interface RememberedPolicy {
  readonly code: string;
  /** JSON. */
  readonly policy: string;
  /** Milliseconds since 1970. */
  readonly seenAt: number;
}

/**
 * Queued requests on disk. Whatever a promise of it has resolved with survives the death of the
 * process and of the machine. Its own times are steady: a wall clock that is set anew changes nothing.
 * A promise rejects if the disk fails, and after {@link close}.
 */
export interface Store {
  /** Resolves once the entry is on disk. Its place is given by the order of the calls. */
  put(entry: NewEntry): Promise<PutResult>;
  /** Opens a file for a body that arrives in pieces; quota is taken as it grows. */
  spool(id: string, code: string): Spool;
  /**
   * Takes the oldest entries of a code that are due, `most` at most and not more than some MiB, and
   * counts the attempts, on disk. With `only`, it takes no others than these. `nextDueInMs` is 0 if
   * more are due.
   */
  lease(
    code: string,
    most: number,
    only?: readonly string[],
  ): Promise<{ readonly entries: readonly Leased[]; readonly nextDueInMs: number | undefined }>;
  /** Ids that are not leased are passed over. A full disk makes this wait, and never reject. */
  settle(settlements: readonly Settlement[]): Promise<void>;
  /** The body of an entry whose body is spooled. */
  openBody(entry: Pick<Leased, 'id' | 'code'>): Readable;
  counts(code: string): Counts;
  /** The codes that have entries. */
  codes(): readonly string[];
  /** Entries behind the place `after`; `waiting` includes those in delivery. `next` goes on from here. */
  list(
    code: string,
    state: 'waiting' | 'dead',
    after: number | undefined,
    most: number,
  ): Promise<{ readonly entries: readonly Listed[]; readonly next: number | undefined }>;
  get(code: string, id: string): Promise<Entry | undefined>;
  /**
   * Makes dead entries, and those that wait, due at once, at their old places; failures are counted
   * anew, attempts go on. Resolves with how many; those in delivery are left alone.
   */
  deliverAgain(code: string, which: Selection): Promise<number>;
  /** Removes entries; resolves with how many. Those in delivery stay. */
  discard(code: string, which: Selection): Promise<number>;
  policies(): readonly RememberedPolicy[];
  remember(code: string, policy: string, seenAt: number): Promise<void>;
  forget(code: string): Promise<void>;
  missed(code: string): MissedCount;
  /** Counts one more; on disk within a second or so. */
  noteMissed(code: string, kind: 'refused' | 'quota' | 'expired'): void;
  /** Forgets what {@link missed} says now. */
  clearMissed(code: string): Promise<void>;
  /** Finishes what was begun. May be called twice. */
  close(): Promise<void>;
}
