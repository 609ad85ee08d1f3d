import type { Worker } from 'node:worker_threads';
import { failPoint } from '../routing/index.ts';
import type { Batch, FromWorker, Op, Outcome, Reply, Results } from './messages.ts';

/** One commit has so many operations and so many bytes of bodies at most. */
const BATCH_OPS = 1_024;
const BATCH_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly op: Op;
  readonly content: Buffer | undefined;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface LinkParts {
  /** The times of a batch that leaves now. */
  readonly times: () => Pick<Batch, 'now' | 'wall'>;
  /** Called before anybody hears of its outcomes. */
  readonly onReply: (reply: Reply) => void;
  /** The thread is gone, and nothing works any more. */
  readonly onLost: (error: Error) => void;
}

/**
 * The way to the thread that has the database. While it works on one batch, what is asked of it
 * gathers for the next one: the more there is to do, the more shares a commit.
 */
export class Link {
  readonly #worker: Worker;
  readonly #parts: LinkParts;
  #gathered: Waiting[] = [];
  #underWay: readonly Waiting[] | undefined;
  #scheduled = false;
  #lost: Error | undefined;
  #onIdle: (() => void) | undefined;

  constructor(worker: Worker, parts: LinkParts) {
    this.#worker = worker;
    this.#parts = parts;
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'reply') this.#onReply(message);
    });
    worker.on('error', (error) => this.#onLost(error));
    worker.on('exit', () => this.#onLost(new Error('the thread of the store has ended')));
  }

  /** The promise rejects with what the thread could not do. */
  ask<O extends Op>(op: O): Promise<Results[O['kind']]> {
    return new Promise((resolve, reject) => {
      this.send(op, undefined, (outcome) => {
        if (outcome.ok) resolve(outcome.value);
        else reject(new Error(outcome.message));
      });
    });
  }

  /**
   * Calls back while no other caller has heard of the commit yet. `content` is the body of a put
   * that is inline.
   */
  send<O extends Op>(
    op: O,
    content: Buffer | undefined,
    onOutcome: (outcome: Outcome<Results[O['kind']]>) => void,
  ): void {
    if (this.#lost !== undefined) {
      onOutcome({ ok: false, noRoom: false, message: this.#lost.message });
      return;
    }
    // The thread answers as `Results` says.
    this.#gathered.push({ op, content, onOutcome: onOutcome as Waiting['onOutcome'] });
    this.#schedule();
  }

  /** Finishes what was asked, then ends the thread. */
  async close(): Promise<void> {
    while (this.#gathered.length > 0 || this.#underWay !== undefined) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    if (this.#lost !== undefined) return;
    this.#lost = new Error('the store is closed');
    const exit = new Promise((resolve) => {
      this.#worker.once('exit', resolve);
    });
    this.#worker.postMessage('close');
    await exit;
  }

  /** What is asked in one turn of the event loop leaves together. */
  #schedule(): void {
    if (this.#scheduled || this.#underWay !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#post();
    });
  }

  #post(): void {
    let count = 0;
    let size = 0;
    for (const { content } of this.#gathered) {
      if (count === BATCH_OPS || (count > 0 && size >= BATCH_BYTES)) break;
      count += 1;
      size += content?.length ?? 0;
    }
    if (count === 0) return;
    const batch = this.#gathered.splice(0, count);
    this.#underWay = batch;
    // A buffer may be a view of a larger one, which would travel whole.
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const { content } of batch) {
      if (content === undefined) continue;
      bytes.set(content, at);
      at += content.length;
    }
    const message: Batch = { ops: batch.map(({ op }) => op), bytes, ...this.#parts.times() };
    this.#worker.postMessage(message, [bytes.buffer]);
  }

  #onReply(reply: Reply): void {
    const batch = this.#underWay ?? [];
    this.#underWay = undefined;
    if (batch.some(({ op }) => op.kind === 'put')) failPoint('after_fsync');
    this.#parts.onReply(reply);
    for (const [index, { onOutcome }] of batch.entries()) {
      onOutcome(reply.outcomes[index] ?? { ok: false, noRoom: false, message: 'no outcome' });
    }
    if (this.#gathered.length > 0) this.#schedule();
    else this.#onIdle?.();
  }

  #onLost(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#parts.onLost(error);
    const waiting = [...(this.#underWay ?? []), ...this.#gathered];
    this.#underWay = undefined;
    this.#gathered = [];
    for (const { onOutcome } of waiting) {
      onOutcome({ ok: false, noRoom: false, message: error.message });
    }
    this.#onIdle?.();
  }
}
