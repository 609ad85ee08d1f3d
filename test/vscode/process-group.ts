import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** How often a group that was told to end is looked at, in milliseconds. */
const LOOK_EVERY = 20;

/** Signals that end this process without its `exit` event unless somebody listens. */
const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

/**
 * A child and everything that it started in turn: for the VS Code server, the extension hosts too.
 * The child must have been spawned with `detached`, which makes it the leader of a group. Should
 * this process end first, by itself or by a signal, the group is killed.
 */
export class ProcessGroup {
  readonly #id: number;
  readonly #killAtExit = (): void => {
    this.#signal('SIGKILL');
  };
  readonly #exitBySignal = (signal: NodeJS.Signals): void => {
    process.exit(128 + constants.signals[signal]);
  };

  constructor(leader: ChildProcess) {
    if (leader.pid === undefined) throw new Error('The process did not start');
    this.#id = leader.pid;
    process.once('exit', this.#killAtExit);
    for (const signal of SIGNALS) process.once(signal, this.#exitBySignal);
  }

  /** Ends all of its processes: at once if `grace` milliseconds were not enough to do it politely. */
  async end(grace = 3_000): Promise<void> {
    const deadline = Date.now() + grace;
    for (let alive = this.#signal('SIGTERM'); alive; alive = this.#signal(0)) {
      if (Date.now() > deadline) this.#signal('SIGKILL');
      await delay(LOOK_EVERY);
    }
    process.removeListener('exit', this.#killAtExit);
    for (const signal of SIGNALS) process.removeListener(signal, this.#exitBySignal);
  }

  /** False if there is no process left to signal. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(-this.#id, signal);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
      throw error;
    }
  }
}
