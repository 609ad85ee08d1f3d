import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { CLI } from '../../../scripts/paths.ts';
import { SOON, within } from './waiting.ts';

/** A line of a program's output. */
export interface Line {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
}

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  /** An agent's place of use follows from it. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Settings of whoever runs the tests that would make something else of a program. */
const NOT_INHERITED =
  /^(?:CARONTE_|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|FORCE_COLOR$|NO_COLOR$|(?:https?|all|no)_proxy$)/i;

const running = new Set<Program>();
process.once('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});
// Without a listener these end the process with no `exit` event. A Ctrl-C may come more than once:
// from the terminal, and from whoever started this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

/** A program as a process of its own, and all that it has said. */
export class Program {
  readonly name: string;
  readonly lines: Line[] = [];
  /** Settles when the process is gone and its output was read. */
  readonly ended: Promise<End>;
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #end: End | undefined;
  #output = '';

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
    running.add(this);
    this.ended = new Promise((settle) => {
      const end = (result: End): void => {
        running.delete(this);
        this.#end = result;
        for (const watcher of [...this.#watchers]) watcher();
        settle(result);
      };
      child.once('error', (error) => {
        this.#take('stderr', `could not be started: ${error.message}`);
        end({ code: null, signal: null });
      });
      child.once('close', (code, signal) => end({ code, signal }));
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      const input = child[stream];
      if (input === null) continue;
      input.setEncoding('utf8');
      input.on('data', (text: string) => {
        this.#output += text;
      });
      createInterface({ input, crlfDelay: Infinity }).on('line', (text) =>
        this.#take(stream, text),
      );
    }
  }

  /** Starts Caronte's command line, as it is shipped. */
  static caronte(args: readonly string[], options: ProgramOptions): Program {
    // Another build can be tried without replacing the one that others use.
    const file = resolve(process.env['E2E_CLI'] || CLI);
    if (!existsSync(file)) throw new Error(`${file} does not exist: run npm run build first`);
    return Program.node([file, ...args], { name: args[0] ?? 'caronte', ...options });
  }

  /** Starts Node. */
  static node(args: readonly string[], options: ProgramOptions & { name: string }): Program {
    return Program.start(process.execPath, args, options);
  }

  static start(
    file: string,
    args: readonly string[],
    { name, cwd, env = {} }: ProgramOptions & { name: string },
  ): Program {
    const inherited = Object.entries(process.env).filter(([key]) => !NOT_INHERITED.test(key));
    const child = spawn(file, args, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Program(name, child);
  }

  /** All of its output, byte for byte (in UTF-8), both streams as they came. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.name} was not started`);
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /** Lines that come from now on have at least this index. */
  mark(): number {
    return this.lines.length;
  }

  /**
   * Waits for the first line, from index `from` on, in which `pick` finds something. Rejects if
   * the program ends before, or after `ms`.
   */
  async find<T>(
    what: string,
    pick: (line: Line) => T | undefined,
    { ms = SOON, from = 0 }: { readonly ms?: number; readonly from?: number } = {},
  ): Promise<T> {
    let next = from;
    let look: () => void = () => undefined;
    const found = new Promise<T>((settle, reject) => {
      look = () => {
        for (; next < this.lines.length; next += 1) {
          const line = this.lines[next];
          const value = line === undefined ? undefined : pick(line);
          if (value !== undefined) return settle(value);
        }
        if (this.#end !== undefined) {
          reject(new Error(`${this.name} ended without ${what}: ${JSON.stringify(this.#end)}`));
        }
      };
      look();
    });
    this.#watchers.add(look);
    try {
      return await within(ms, `${what} from ${this.name}`, found);
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** Waits for a line that matches. */
  text(pattern: RegExp, options?: { readonly ms?: number; readonly from?: number }): Promise<Line> {
    return this.find(
      String(pattern),
      (line) => (pattern.test(line.text) ? line : undefined),
      options,
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal and waits until the process is gone. */
  async end(signal: NodeJS.Signals, ms = SOON): Promise<End> {
    this.signal(signal);
    return await within(ms, `end of ${this.name} after ${signal}`, this.ended);
  }

  /** What it said, for a report of a failure. */
  report(): string {
    const state = this.#end === undefined ? 'running' : JSON.stringify(this.#end);
    const lines = this.lines.length > 60 ? ['…', ...this.#texts(-60)] : this.#texts(0);
    return [`--- ${this.name} (pid ${this.#process.pid}, ${state})`, ...lines].join('\n');
  }

  #texts(from: number): string[] {
    return this.lines
      .slice(from)
      .map(({ stream, text }) => `${stream === 'stderr' ? '! ' : '  '}${text}`);
  }

  #take(stream: 'stdout' | 'stderr', text: string): void {
    this.lines.push({ stream, text, at: performance.now() });
    for (const watcher of [...this.#watchers]) watcher();
  }
}
