import { fileURLToPath } from 'node:url';
import { Program } from './program.ts';
import type { Rig } from './rig.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts a script that writes `port <number>` once it listens. Resolves with the port. */
export async function startTarget(
  rig: Rig,
  file: string,
  args: readonly string[] = [],
): Promise<number> {
  const program = Program.node(['--import', 'tsx', file, ...args], { name: 'target', cwd: ROOT });
  const { text } = await rig.add(program).text(/^port \d+$/);
  return Number(text.slice(5));
}
