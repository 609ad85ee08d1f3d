import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** How often a group that was told to end is looked at, in milliseconds. */
const LOOK_EVERY = 20;

/**
 * A child and everything that it started in turn: for the VS Code server, the extension hosts too.
 * The child must have been spawned with `detached`, which makes it the leader of a group. Should
 * this process exit first, the group is killed.
 */
export class ProcessGroup {
  readonly #id: number;
  readonly #killAtExit = (): void => {
    this.#signal('SIGKILL');
  };

  constructor(leader: ChildProcess) {
    if (leader.pid === undefined) throw new Error('The process did not start');
    this.#id = leader.pid;
    process.once('exit', this.#killAtExit);
  }

  /** Ends all of its processes: at once if `grace` milliseconds were not enough to do it politely. */
  async end(grace = 3_000): Promise<void> {
    const deadline = Date.now() + grace;
    for (let alive = this.#signal('SIGTERM'); alive; alive = this.#signal(0)) {
      if (Date.now() > deadline) this.#signal('SIGKILL');
      await delay(LOOK_EVERY);
    }
    process.removeListener('exit', this.#killAtExit);
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
