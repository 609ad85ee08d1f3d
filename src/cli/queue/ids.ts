import { isId, QUEUE_LISTS } from 'caronte-proxy/protocol';
import type { QueueClient } from '../../agent/index.ts';
import { shown } from '../tunnel/values.ts';
import { queuePages } from './pages.ts';

/** Digits of an id that lists show. */
export const SHORT_ID = 8;

/** Ids that are named where one has more than one meaning. */
const NAMED = 3;

/** Ids, or their beginnings, as they were given. */
export function readIds(texts: readonly string[], problems: string[]): string[] {
  const ids = [...new Set(texts.map((text) => text.toLowerCase()))];
  for (const id of ids) {
    if (!/^[0-9a-f]{4,32}$/.test(id)) {
      problems.push(
        `${shown(id)} is not an id, nor the beginning of one: 4 to 32 hexadecimal digits`,
      );
    }
  }
  return ids;
}

/** Whole ids, and what is wrong with those that are not the beginning of exactly one. */
export interface ResolvedIds {
  readonly ids: readonly string[];
  readonly problems: readonly string[];
}

/** Finds the ids that begin so in the queue. Whole ones are taken as they are, whether they are there or not. */
export async function resolveIds(
  client: Pick<QueueClient, 'list'>,
  beginnings: readonly string[],
): Promise<ResolvedIds> {
  const found = new Map(
    beginnings.filter((text) => !isId(text)).map((text) => [text, new Set<string>()]),
  );
  if (found.size > 0) {
    for await (const { entries } of queuePages(client, QUEUE_LISTS)) {
      for (const { id } of entries) {
        for (const [beginning, ids] of found) if (id.startsWith(beginning)) ids.add(id);
      }
    }
  }
  const ids = new Set<string>();
  const problems: string[] = [];
  for (const text of beginnings) {
    const [first, ...others] = found.get(text) ?? [text];
    if (first === undefined)
      problems.push(`the queue holds no request whose id begins with ${text}`);
    else if (others.length === 0) ids.add(first);
    else
      problems.push(`${text} is the beginning of ${several([first, ...others])}: give more digits`);
  }
  return { ids: [...ids], problems };
}

function several(ids: readonly string[]): string {
  const named = ids.slice(0, NAMED).join(', ');
  return ids.length > NAMED ? `${ids.length} ids, such as ${named}` : named;
}
