import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Looking through all processes may take this long, in milliseconds; what is not found by then stays unnamed. */
const SEARCH_MS = 250;
/** Programs that say little: what they run is added to their name. */
const INTERPRETERS = /^(?:node|nodejs|deno|bun|python[\d.]*|ruby|php|perl|java|dotnet|npx|tsx)$/;

/** Which process has each of the sockets, by their inodes (Linux; own processes only). */
export async function ownersOf(inodes: ReadonlySet<string>): Promise<Map<string, number>> {
  const owners = new Map<string, number>();
  const deadline = Date.now() + SEARCH_MS;
  for (const name of await entries('/proc')) {
    if (owners.size === inodes.size || Date.now() > deadline) break;
    if (!/^\d+$/.test(name)) continue;
    const files = await entries(`/proc/${name}/fd`);
    const links = await Promise.all(
      files.map((file) => readlink(`/proc/${name}/fd/${file}`).catch(() => '')),
    );
    for (const link of links) {
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode !== undefined && inodes.has(inode)) owners.set(inode, Number(name));
    }
  }
  return owners;
}

/** This process and those above it that run the same program: the editor's. */
export async function ancestry(): Promise<number[]> {
  const pids: number[] = [];
  for (let pid = process.pid; pid > 1 && pids.length < 20;) {
    const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
    if (program !== process.execPath) break;
    pids.push(pid);
    const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    // The name, in parentheses, may hold anything; the parent is the second field after it.
    pid = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  }
  return pids;
}

export async function programName(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return nameFromCommandLine(line);
}

/** `node server.js` for a command line as proc(5) has it: without paths, flags and what follows. */
export function nameFromCommandLine(line: string): string | undefined {
  const [program = '', ...rest] = line.split('\0');
  const name = basename(program.split(' ', 1)[0] ?? '').slice(0, 40);
  if (name === '') return undefined;
  if (!INTERPRETERS.test(name)) return name;
  const script = rest.find((argument) => argument !== '' && !argument.startsWith('-'));
  return script === undefined ? name : `${name} ${basename(script).slice(0, 40)}`;
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
