import { isBuiltin } from 'node:module';
import { join } from 'node:path';

/**
 * Where the local proxy keeps requests, below the storage of the workspace. Undefined if it cannot:
 * without a folder of its own two windows would share one, and an older Node has no database.
 */
export function queueFolder(
  storage: string | undefined,
  hasDatabase = isBuiltin('node:sqlite'),
): string | undefined {
  return storage === undefined || !hasDatabase ? undefined : join(storage, 'local-proxy');
}
