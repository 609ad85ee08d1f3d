import { readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readStartOptions, type StartOptions } from './plan.ts';

/** What was running when the window closed. */
export interface ResumeNote {
  readonly options: StartOptions;
  /** The port of the local proxy, if the tunnel went through it. */
  readonly localProxyPort?: number;
}

/** A window that comes back within this was reloaded, not closed; in milliseconds. */
export const RELOAD_MS = 60_000;

const FILE = 'resume.json';

/**
 * Leaves a note for the window that may come back in a moment. Synchronous: while a window closes
 * there may be no later.
 */
export function leaveNote(folder: string, note: ResumeNote, now: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, FILE), JSON.stringify({ at: now, ...note }));
}

/** Takes the note away. Undefined if there is none, or it is too old, or damaged. */
export function takeNote(folder: string, now: number): ResumeNote | undefined {
  const path = join(folder, FILE);
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    rmSync(path, { force: true });
    const { at, options, localProxyPort } = note;
    if (typeof at !== 'number' || now - at > RELOAD_MS || now < at) return undefined;
    return {
      options: readStartOptions(options),
      ...(typeof localProxyPort === 'number' ? { localProxyPort } : {}),
    };
  } catch {
    return undefined;
  }
}
