import { createHash, randomBytes } from 'node:crypto';
import { type Answer, BrokenOff, Caller, field } from './caller.ts';
import type { Entry } from './ledger.ts';
import { within } from './waiting.ts';

export const KIB = 1024;

/** What a request of a load is about. */
export interface Sent {
  readonly nonce: string;
  readonly body: Buffer;
  /** What the target is to do, see `ledger-target.ts`. */
  readonly action: string;
  /** SHA-256 of nonce and body. */
  readonly hash: string;
}

/** How a request of a load ended. */
export type Ending =
  | { readonly kind: 'right'; readonly answer: Answer }
  /** Not the answer to this request. */
  | { readonly kind: 'wrong'; readonly answer: Answer }
  /** A problem document of the proxy's own; `code` is its stable code. */
  | { readonly kind: 'problem'; readonly code: string; readonly answer: Answer }
  /** The connection ended before the answer was complete. */
  | { readonly kind: 'broken'; readonly error: BrokenOff }
  /** No connection: nothing was sent. */
  | { readonly kind: 'refused' }
  /** Nothing for longer than the limit. */
  | { readonly kind: 'hung' };

/** A request of a load and how it ended. `at` is of `performance.now()`. */
export type Outcome = { readonly sent: Sent; readonly at: number; readonly ms: number } & Ending;

export interface LoadOptions {
  readonly port: number;
  /** Path below which the target is reached. */
  readonly base: string;
  readonly callers: number;
  /** What is sent next; `index` counts all requests of the load. */
  readonly next: (index: number) => { readonly size: number; readonly action: string };
  /** A request that takes longer hangs, in milliseconds. */
  readonly limitMs: number;
}

const NOISE = randomBytes(2 * KIB * KIB);

function compose({ size, action }: { size: number; action: string }, index: number): Sent {
  const nonce = randomBytes(16).toString('hex');
  const from = (index * 7919) % (NOISE.length - size);
  const body = Buffer.from(NOISE.subarray(from, from + size));
  body.write(nonce);
  const hash = createHash('sha256').update(nonce).update(body).digest('hex');
  return { nonce, body, action, hash };
}

/** Callers that send one request after another, each on a connection of its own. */
export class Load {
  readonly outcomes: Outcome[] = [];
  readonly #options: LoadOptions;
  readonly #callers: Promise<void>[] = [];
  readonly #watchers = new Set<() => void>();
  #index = 0;
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    for (let at = 0; at < options.callers; at += 1) this.#callers.push(this.#run());
  }

  /** Lets each caller finish its request; resolves with how all requests ended. */
  async stop(): Promise<readonly Outcome[]> {
    this.#stopping = true;
    await within(this.#options.limitMs + 5_000, 'end of the load', Promise.all(this.#callers));
    return this.outcomes;
  }

  /** Waits until so many further requests have ended the way that is asked for. */
  async more(count: number, kind: Outcome['kind'] = 'right', ms = 10_000): Promise<void> {
    let next = this.outcomes.length;
    let seen = 0;
    let look: () => void = () => undefined;
    const enough = new Promise<void>((resolve) => {
      look = () => {
        for (; next < this.outcomes.length; next += 1) {
          if (this.outcomes[next]?.kind === kind) seen += 1;
        }
        if (seen >= count) resolve();
      };
    });
    this.#watchers.add(look);
    try {
      const what = (): string => `${count} outcomes "${kind}" (${seen}; ${tally(this.outcomes)})`;
      await within(ms, what, enough);
    } finally {
      this.#watchers.delete(look);
    }
  }

  async #run(): Promise<void> {
    const { port } = this.#options;
    let caller: Caller | undefined;
    while (!this.#stopping) {
      const index = this.#index;
      this.#index += 1;
      const sent = compose(this.#options.next(index), index);
      const at = performance.now();
      if (caller?.usable !== true) caller = await Caller.connect(port).catch(() => undefined);
      const result = caller === undefined ? REFUSED : await this.#exchange(caller, sent);
      if (result.kind === 'hung') caller?.leave();
      this.outcomes.push({ sent, at, ms: performance.now() - at, ...result });
      for (const watcher of this.#watchers) watcher();
      // Whoever is refused comes back as soon as others had a turn.
      if (result.kind === 'refused') await new Promise((resolve) => setTimeout(resolve, 5));
    }
    caller?.leave();
  }

  async #exchange(caller: Caller, sent: Sent): Promise<Ending> {
    const { base, limitMs } = this.#options;
    const reply = caller.send({
      method: 'POST',
      path: `${base}/load`,
      fields: [
        ['X-Nonce', sent.nonce],
        ['X-Do', sent.action],
      ],
      body: sent.body,
    });
    let answer: Answer;
    try {
      answer = await within(limitMs, 'answer', reply.whole);
    } catch (error) {
      return error instanceof BrokenOff ? { kind: 'broken', error } : { kind: 'hung' };
    }
    const code = field(answer, 'caronte-error');
    if (code !== undefined) return { kind: 'problem', code, answer };
    return { kind: isRight(answer, sent) ? 'right' : 'wrong', answer };
  }
}

const REFUSED: Ending = { kind: 'refused' };

function isRight(answer: Answer, sent: Sent): boolean {
  if (answer.status !== 200 || field(answer, 'x-nonce') !== sent.nonce) return false;
  const [what = '', amount = '0'] = sent.action.split(' ');
  if (what === 'echo') return answer.body.equals(sent.body);
  if (what === 'drip') return answer.body.length === Number(amount) * KIB;
  return answer.body.toString('latin1') === sent.hash;
}

/** How many outcomes there are of each kind. */
export function tally(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const key = outcome.kind === 'problem' ? `problem ${outcome.code}` : outcome.kind;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${count} ${key}`).join(', ');
}

/**
 * What the ledgers of callers and target must not show, in words: an answer that the target does
 * not know of, a request that it got twice, or one that nobody sent.
 */
export function contradictions(
  outcomes: readonly Outcome[],
  entries: ReadonlyMap<string, Entry>,
): string[] {
  const found: string[] = [];
  const known = new Set<string>();
  for (const { sent, kind } of outcomes) {
    known.add(sent.nonce);
    const entry = entries.get(sent.nonce);
    if (kind === 'right' && entry?.hash !== sent.hash) {
      found.push(`${sent.nonce} was answered, but the target has not got it whole`);
    }
    if (entry !== undefined && entry.heads > 1) {
      found.push(`${sent.nonce} was sent to the target ${entry.heads} times`);
    }
  }
  for (const nonce of entries.keys()) {
    if (!known.has(nonce)) found.push(`${nonce} reached the target, but nobody sent it`);
  }
  return found;
}
