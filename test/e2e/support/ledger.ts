import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from './program.ts';
import type { Rig } from './rig.ts';
import { until } from './waiting.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TARGET = fileURLToPath(new URL('ledger-target.ts', import.meta.url));

/** What a target's ledger holds of one nonce. */
export interface Entry {
  /** How often the head of a request with that nonce arrived. */
  readonly heads: number;
  /** Of nonce and body, once the body was whole. */
  readonly hash: string | undefined;
  /** The deliveries that the target was told of, in the order in which they came. */
  readonly deliveries: readonly Delivery[];
}

/** One delivery of a request, by the header fields that it came with. */
export interface Delivery {
  readonly id: string | undefined;
  readonly attempt: number | undefined;
}

/** A target that keeps a ledger through crashes. It may be killed and started again. */
export class LedgerTarget {
  readonly #rig: Rig;
  readonly #file: string;
  #program: Program | undefined;
  #port = 0;

  private constructor(rig: Rig, file: string) {
    this.#rig = rig;
    this.#file = file;
  }

  static async start(rig: Rig): Promise<LedgerTarget> {
    const target = new LedgerTarget(rig, join(rig.folder(), 'ledger'));
    await target.restart();
    return target;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it on the port that it had. */
  async restart(): Promise<void> {
    const program = Program.node(['--import', 'tsx', TARGET, String(this.#port), this.#file], {
      name: 'target',
      cwd: ROOT,
    });
    this.#program = this.#rig.add(program);
    const { text } = await program.text(/^port \d+$/);
    this.#port = Number(text.slice(5));
  }

  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL');
  }

  /** Waits until the head of a request with that nonce has arrived. */
  async arrived(nonce: string): Promise<void> {
    await until(async () => (await this.entries()).has(nonce), `request ${nonce} at the target`);
  }

  /** What has arrived so far, by nonce, in the order in which it came first. */
  async entries(): Promise<ReadonlyMap<string, Entry>> {
    const entries = new Map<string, Entry>();
    // What follows the last end of a line is still being written.
    const lines = (await readFile(this.#file, 'utf8')).split('\n').slice(0, -1);
    for (const line of lines) {
      const { event, nonce, hash, delivery, attempt } = JSON.parse(line) as Record<string, string>;
      if (nonce === undefined) continue;
      const before = entries.get(nonce) ?? NEVER;
      if (event === 'head') {
        const { heads, deliveries } = before;
        const one = { id: delivery, attempt: attempt === undefined ? undefined : Number(attempt) };
        entries.set(nonce, { ...before, heads: heads + 1, deliveries: [...deliveries, one] });
      } else {
        entries.set(nonce, { ...before, hash });
      }
    }
    return entries;
  }
}

const NEVER: Entry = { heads: 0, hash: undefined, deliveries: [] };
