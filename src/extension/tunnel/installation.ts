import { randomBytes } from 'node:crypto';
import type { Memento } from 'vscode';

const KEY = 'installation';

/** 32 hexadecimal digits, stable for this workspace: after a reload it may take its code back. */
export function installationId(workspaceState: Memento): string {
  const known = workspaceState.get<unknown>(KEY);
  if (typeof known === 'string' && /^[0-9a-f]{32}$/.test(known)) return known;
  const made = randomBytes(16).toString('hex');
  void workspaceState.update(KEY, made);
  return made;
}
