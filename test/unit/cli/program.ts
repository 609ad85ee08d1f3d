import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** Starts `caronte` as a program of its own, with nothing of Caronte's in its environment. */
export function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CARONTE_'));
  return fork(MAIN, args, {
    env: { ...Object.fromEntries(inherited), ...env },
    execArgv: ['--import=tsx', '--conditions=caronte-source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** Waits for the end of a program: what it said, and its exit code. */
export async function finished(child: ChildProcess) {
  assert(child.stdout !== null && child.stderr !== null);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { out, err, code };
}

/** The next message that a program sends to its parent. */
export async function message(
  child: ChildProcess,
): Promise<{ type: string; url?: string; urls?: string[] }> {
  const [received] = (await once(child, 'message')) as [
    { type: string; url?: string; urls?: string[] },
  ];
  return received;
}
