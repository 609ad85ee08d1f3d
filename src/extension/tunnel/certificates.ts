import { readFile } from 'node:fs/promises';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';

/**
 * Certificates in a file. Where it cannot be read the log says so, and the target's certificate is
 * judged without it.
 */
export async function readCertificates(
  path: string | undefined,
  log: Logger,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    log.warn(`Setting caronte.target.ca: the file cannot be read: ${errorText(error)}`);
    return undefined;
  }
}
