import type { QueueList } from '../../agent/index.ts';
import { isId } from '../queue/id.ts';

/** The requests that a command is about: ids, or a row of the tree, which menus pass. */
export function idsOf(argument: unknown): string[] {
  if (typeof argument === 'string') return isId(argument) ? [argument] : [];
  if (Array.isArray(argument)) return argument.flatMap(idsOf);
  if (typeof argument !== 'object' || argument === null) return [];
  const { id } = argument as { id?: unknown };
  return typeof id === 'string' ? idsOf(id) : [];
}

/** The list that a command is about: its name, or a row of the tree. */
export function listOf(argument: unknown): QueueList | undefined {
  if (argument === 'waiting' || argument === 'dead') return argument;
  if (typeof argument !== 'object' || argument === null) return undefined;
  return listOf((argument as { list?: unknown }).list);
}
