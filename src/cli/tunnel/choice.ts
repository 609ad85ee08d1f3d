import { shown } from './values.ts';

/** The one of the known words that a flag gives; undefined if it is not given, or there are problems. */
export function readChoice<T extends string>(
  where: string,
  text: string | undefined,
  known: readonly T[],
  problems: string[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((word) => word === text);
  if (found !== undefined) return found;
  const [last = ''] = known.slice(-1);
  problems.push(`${where}: ${shown(text)} is neither ${known.slice(0, -1).join(', ')} nor ${last}`);
  return undefined;
}
