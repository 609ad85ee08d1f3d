import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CLI } from '../paths.ts';

/** How long a command may take to come up, in milliseconds. */
const START_MS = 15_000;

/** After its channel is closed a command may finish for so long; then it is killed. In milliseconds. */
const STOP_MS = 5_000;

/** One of Caronte's commands as a process of its own; it ends when this one does, however that is. */
export class Child {
  readonly name: string;
  /** Settles when the process has ended: with how, as far as that is known. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  /** `onLine` gets each line of its standard output; what it says on standard error is shown. */
  constructor(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    onLine: (line: string) => void,
  ) {
    this.name = name;
    // Settings of whoever calls this would make something else of it.
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('CARONTE_'));
    this.#process = fork(CLI, [name, ...args], {
      env: { ...Object.fromEntries(inherited), ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.#lines('stdout', onLine);
    this.#lines('stderr', (line) => console.error(`${name}: ${line}`));
  }

  /** Waits until `pick` finds what it wants in a message of the command. Rejects if it ends before. */
  async message<T>(pick: (message: unknown) => T | undefined): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onMessage: (message: unknown) => void = () => undefined;
    try {
      return await Promise.race([
        new Promise<T>((resolve, reject) => {
          onMessage = (message) => {
            const found = pick(message);
            if (found !== undefined) resolve(found);
          };
          this.#process.on('message', onMessage);
          timer = setTimeout(
            () => reject(new Error(`${this.name} did not come up in ${START_MS / 1000} s`)),
            START_MS,
          );
        }),
        this.ended.then((how) => {
          throw new Error(`${this.name} ended: ${how}`);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      this.#process.off('message', onMessage);
    }
  }

  /** Lets the command finish what it has in hand; resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #lines(stream: 'stdout' | 'stderr', onLine: (line: string) => void): void {
    const input = this.#process[stream];
    if (input !== null) createInterface({ input }).on('line', onLine);
  }
}
