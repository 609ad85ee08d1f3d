import { readFileSync, statSync } from 'node:fs';
import type { FileText } from './sources.ts';

/** A configuration or a secret is never larger, in bytes: the path is of something else then. */
const MAX_FILE = 1024 * 1024;

/** Reads a small UTF-8 file from disk. */
export function readText(path: string): FileText {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE) return { ok: false, problem: `is larger than ${MAX_FILE} bytes` };
    return { ok: true, text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { ok: false, problem: problemOf(error) };
  }
}

function problemOf(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user';
    case 'EISDIR':
      return 'is a folder';
    default:
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
