import { rmSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';

/** Holds the id of the process that writes the volume; gone once that process is through. */
const WRITER = 'writer';
/** How much two ways to tell the time of the start may differ, in milliseconds. */
const UPTIME_SLACK_MS = 5_000;

/** Says that this process writes in a folder. Throws what the file system throws. */
export function signWriter(folder: string): void {
  writeFileSync(join(folder, WRITER), String(process.pid));
}

/** Says that it does so no more. Never throws. */
export function unsignWriter(folder: string): void {
  try {
    rmSync(join(folder, WRITER), { force: true });
  } catch {
    // Then it is known from the process, which is about to end.
  }
}

/**
 * Whether another process that lives writes in a folder. What a crash left counts as written until
 * its process id is free, or the machine has started anew: so it errs to the side of keeping.
 */
export async function isWrittenElsewhere(folder: string): Promise<boolean> {
  try {
    const file = join(folder, WRITER);
    const pid = Number(await readFile(file, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    const started = Date.now() - uptime() * 1000;
    return (await stat(file)).mtimeMs > started - UPTIME_SLACK_MS && isAlive(pid);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
