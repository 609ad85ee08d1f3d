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

  /** What has arrived so far, by nonce. */
  async entries(): Promise<ReadonlyMap<string, Entry>> {
    const entries = new Map<string, Entry>();
    for (const line of (await readFile(this.#file, 'utf8')).split('\n')) {
      if (line === '') continue;
      const { event, nonce, hash } = JSON.parse(line) as Record<string, string>;
      if (nonce === undefined) continue;
      const before = entries.get(nonce) ?? { heads: 0, hash: undefined };
      if (event === 'head') entries.set(nonce, { ...before, heads: before.heads + 1 });
      else entries.set(nonce, { ...before, hash });
    }
    return entries;
  }
}
