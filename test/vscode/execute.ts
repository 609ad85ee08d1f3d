import { spawn } from 'node:child_process';

export interface ExecuteOptions {
  readonly cwd?: string;
  /** Replaces the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the program is ended. */
  readonly timeout: number;
  /** Needed for `.cmd` files on Windows; the arguments are then not quoted. */
  readonly shell?: boolean;
}

export interface Execution {
  /** The exit code; null if the program could not start, was killed or took too long. */
  readonly code: number | null;
  /** What it printed, both streams together, and why it could not start. */
  readonly output: string;
}

/** Runs a program to its end. Never rejects: the caller knows best which end is a failure. */
export async function execute(
  file: string,
  args: readonly string[],
  options: ExecuteOptions,
): Promise<Execution> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => {
      resolve({ code: null, output: `${output}${error.message}\n` });
    });
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}
