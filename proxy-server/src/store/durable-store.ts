import type { Readable } from 'node:stream';
import type { Worker } from 'node:worker_threads';
import type { Clock, Logger, Timer } from '../routing/index.ts';
import { entryOf, leasedOf, listedOf, putOp } from './entries.ts';
import { Ledger, type Quotas } from './ledger.ts';
import { Link } from './link.ts';
import { DISCARD_STEP, type Opened, type PutOp, type Reply } from './messages.ts';
import { MissedLedger } from './missed-ledger.ts';
import { SpoolFile } from './spool-file.ts';
import type { SpoolFolder } from './spool-folder.ts';
import type {
  Counts,
  Entry,
  Leased,
  Listed,
  MissedCount,
  NewEntry,
  PutResult,
  RememberedPolicy,
  Selection,
  Settlement,
  Spool,
  Store,
} from './store.ts';

/** What time brings about is looked for this often, in milliseconds. */
const SWEEP_MS = 60_000;

/** What was missed is written this long after at most. */
const MISSED_MS = 1_000;

/** On a full disk, settling is tried again this often. */
const ROOM_MS = 1_000;

export interface DurableStoreParts {
  readonly worker: Worker;
  readonly folder: SpoolFolder;
  readonly opened: Opened;
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly log: Logger;
  /** Steady time, in whole milliseconds. */
  readonly now: () => number;
}

/** The store on disk: keeps account here, and has a thread do the rest. */
export class DurableStore implements Store {
  readonly #parts: DurableStoreParts;
  readonly #link: Link;
  readonly #ledger: Ledger;
  readonly #missed: MissedLedger;
  readonly #policies: Map<string, RememberedPolicy>;
  /** Bodies that no entry has yet. */
  readonly #spools = new Map<string, SpoolFile>();
  /** Settlements that wait for room on the disk. */
  #held: (() => void)[] = [];
  #noRoom: string | undefined;
  #sweepTimer: Timer;
  #missedTimer: Timer | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: DurableStoreParts) {
    this.#parts = parts;
    const { opened, clock, quotas } = parts;
    this.#ledger = new Ledger(quotas);
    for (const change of opened.kept) this.#ledger.apply(change);
    this.#missed = new MissedLedger(clock, opened.missed);
    this.#policies = new Map(opened.policies.map((policy) => [policy.code, policy]));
    this.#link = new Link(parts.worker, {
      times: () => ({ now: parts.now(), wall: clock.wall() }),
      onReply: (reply) => this.#onReply(reply),
      onLost: (error) =>
        parts.log.error({ error: String(error) }, 'the store has failed: restart the proxy'),
    });
    this.#noteRoom(opened.noRoom);
    this.#sweepTimer = this.#sweep();
  }

  put(entry: NewEntry): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const { code, body } = entry;
      const spool = body.kind === 'spooled' ? this.#spools.get(entry.id) : undefined;
      if (body.kind === 'spooled' && (spool?.size !== body.size || !spool.handOver())) {
        reject(new Error(`there is no finished body of ${body.size} bytes for ${entry.id}`));
        return;
      }
      const op = putOp(entry, undefined);
      // The bytes of a spooled body are taken already.
      const share = { count: 1, bytes: op.bytes - (spool?.size ?? 0) };
      const full = this.#ledger.over(code, share);
      if (full !== undefined && entry.dedupe === undefined) {
        spool?.handedOver(false);
        resolve({ kind: 'full', what: full });
        return;
      }
      this.#put({ ...op, full }, entry, spool, (outcome) => {
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  spool(id: string, code: string): Spool {
    const { folder } = this.#parts;
    // Throws for what is no id.
    folder.file(id);
    const allowance = {
      take: (bytes: number): boolean => {
        if (this.#ledger.over(code, { count: 1, bytes }) !== undefined) return false;
        this.#ledger.reserve(code, { count: 0, bytes });
        return true;
      },
      giveBack: (bytes: number): void => this.#ledger.release(code, { count: 0, bytes }),
    };
    const spool = new SpoolFile(id, folder, allowance, () => this.#spools.delete(id));
    this.#spools.set(id, spool);
    return spool;
  }

  async lease(
    code: string,
    most: number,
    only?: readonly string[],
  ): Promise<{ entries: Leased[]; nextDueInMs: number | undefined }> {
    const op = { kind: 'lease', code, most, ...(only !== undefined && { only }) } as const;
    const { rows, nextDueInMs } = await this.#link.ask(op);
    return { entries: rows.map((row) => leasedOf(code, row)), nextDueInMs };
  }

  settle(settlements: readonly Settlement[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        this.#link.send({ kind: 'settle', settlements }, undefined, (outcome) => {
          if (outcome.ok) resolve();
          else if (outcome.noRoom && this.#closed === undefined) this.#hold(attempt);
          else reject(new Error(outcome.message));
        });
      };
      attempt();
    });
  }

  openBody({ id }: Pick<Leased, 'id'>): Readable {
    return this.#parts.folder.read(id);
  }

  counts(code: string): Counts {
    return this.#ledger.counts(code);
  }

  codes(): string[] {
    return this.#ledger.codes();
  }

  async list(
    code: string,
    state: 'waiting' | 'dead',
    after: number | undefined,
    most: number,
  ): Promise<{ entries: Listed[]; next: number | undefined }> {
    const op = { kind: 'list', code, state, after: after ?? 0, most } as const;
    const { rows, next } = await this.#link.ask(op);
    return { entries: rows.map(listedOf), next };
  }

  async get(code: string, id: string): Promise<Entry | undefined> {
    const row = await this.#link.ask({ kind: 'get', code, id });
    return row === undefined ? undefined : entryOf(code, row);
  }

  deliverAgain(code: string, which: Selection): Promise<number> {
    return this.#link.ask({ kind: 'deliver', code, which });
  }

  async discard(code: string, which: Selection): Promise<number> {
    let all = 0;
    for (;;) {
      const count = await this.#link.ask({ kind: 'discard', code, which });
      all += count;
      if (typeof which !== 'string' || count < DISCARD_STEP) return all;
    }
  }

  policies(): RememberedPolicy[] {
    return [...this.#policies.values()];
  }

  async remember(code: string, policy: string, seenAt: number): Promise<void> {
    const remembered = { code, policy, seenAt };
    this.#policies.set(code, remembered);
    await this.#link.ask({ kind: 'remember', ...remembered });
  }

  async forget(code: string): Promise<void> {
    this.#policies.delete(code);
    await this.#link.ask({ kind: 'forget', code });
  }

  missed(code: string): MissedCount {
    return this.#missed.of(code);
  }

  noteMissed(code: string, kind: 'refused' | 'quota' | 'expired'): void {
    this.#missed.note(code, kind);
    if (this.#closed !== undefined) return;
    this.#missedTimer ??= this.#parts.clock.after(MISSED_MS, () => this.#writeMissed());
  }

  async clearMissed(code: string): Promise<void> {
    const op = this.#missed.clear(code);
    if (op !== undefined) await this.#link.ask(op);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#sweepTimer.cancel();
    this.#missedTimer?.cancel();
    this.#writeMissed();
    // The last chance; what is not settled then is delivered again.
    for (const attempt of this.#takeHeld()) attempt();
    await this.#link.close();
    await this.#parts.folder.quiet();
  }

  #put(
    op: PutOp,
    { code, body }: NewEntry,
    spool: SpoolFile | undefined,
    onResult: (result: PutResult | Error) => void,
  ): void {
    // What can only be a duplicate takes nothing.
    const share =
      op.full === undefined
        ? { count: 1, bytes: op.bytes - (spool?.size ?? 0) }
        : { count: 0, bytes: 0 };
    this.#ledger.reserve(code, share);
    this.#link.send(op, body.kind === 'inline' ? body.bytes : undefined, (outcome) => {
      this.#ledger.release(code, share);
      if (outcome.ok) {
        spool?.handedOver(outcome.value.kind === 'kept');
        onResult(outcome.value);
      } else {
        // Whether it is on disk is not sure; if it is not, the next start removes the body.
        spool?.handedOver(true);
        onResult(new Error(outcome.message));
      }
    });
  }

  #onReply({ changes, files, expired, noRoom }: Reply): void {
    for (const change of changes) this.#ledger.apply(change);
    for (const { code, count } of expired) this.#missed.expired(code, count);
    this.#parts.folder.remove(files);
    this.#noteRoom(noRoom);
  }

  /** Says once when the disk is full, and when it is not any more. */
  #noteRoom(problem: string | undefined): void {
    const was = this.#noRoom;
    this.#noRoom = problem;
    const { log } = this.#parts;
    if (problem === undefined && was !== undefined) log.info({}, 'there is room on the disk again');
    if (problem === undefined || was !== undefined) return;
    log.error({ error: problem }, 'the disk is full: no request is queued until there is room');
  }

  #hold(attempt: () => void): void {
    this.#held.push(attempt);
    if (this.#held.length > 1) return;
    this.#parts.clock.after(ROOM_MS, () => {
      for (const held of this.#takeHeld()) held();
    });
  }

  #takeHeld(): (() => void)[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #writeMissed(): void {
    this.#missedTimer = undefined;
    for (const op of this.#missed.take()) {
      this.#link.ask(op).catch((error: unknown) => {
        this.#parts.log.warn({ error: String(error) }, 'what was missed could not be noted');
      });
    }
  }

  /** Does what time brings about, now and from now on. */
  #sweep(): Timer {
    const sweep = (): void => {
      this.#link.ask({ kind: 'sweep' }).then(
        (more) => {
          if (more && this.#closed === undefined) sweep();
        },
        (error: unknown) => {
          if (this.#closed !== undefined) return;
          this.#parts.log.warn({ error: String(error) }, 'the store could not be tidied up');
        },
      );
    };
    const timer = this.#parts.clock.after(SWEEP_MS, () => {
      sweep();
      timer.refresh();
    });
    sweep();
    return timer;
  }
}
