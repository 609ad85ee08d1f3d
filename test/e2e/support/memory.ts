import { execFileSync } from 'node:child_process';

/** Resident memory of a process, in bytes. Wants `ps`, which every Unix has; on Windows it says so. */
export function residentBytes(pid: number): number {
  if (process.platform === 'win32') {
    throw new Error('this test reads resident memory by `ps`: run it on Linux or macOS');
  }
  const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  const kibibytes = Number(text.trim());
  if (!Number.isFinite(kibibytes) || kibibytes === 0) throw new Error(`ps said ${text}`);
  return kibibytes * 1024;
}

/** The largest of what was seen of some processes, looked at now and then. */
export class MemoryWatch {
  readonly #pids: readonly number[];
  readonly #before: readonly number[];
  readonly #most: number[];
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[], everyMs = 200) {
    this.#pids = pids;
    this.#before = pids.map(residentBytes);
    this.#most = [...this.#before];
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** By how much each has grown at most, in bytes. */
  stop(): number[] {
    clearInterval(this.#timer);
    this.#look();
    return this.#most.map((most, at) => most - (this.#before[at] ?? 0));
  }

  #look(): void {
    for (const [at, pid] of this.#pids.entries()) {
      this.#most[at] = Math.max(this.#most[at] ?? 0, residentBytes(pid));
    }
  }
}
