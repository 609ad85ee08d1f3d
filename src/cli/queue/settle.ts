import { EXIT, type ExitCode } from 'caronte-proxy/command';
import type { QueueList } from 'caronte-proxy/protocol';
import type { TunnelFlags } from '../tunnel/flags.ts';
import { readIds, resolveIds } from './ids.ts';
import type { QueueContext } from './output.ts';

export interface DeliverFlags extends TunnelFlags {
  readonly all?: true;
}

export interface DiscardFlags extends TunnelFlags {
  readonly allDead?: true;
  readonly allWaiting?: true;
  readonly yes?: true;
}

/** Which requests are meant: by the beginnings of their ids, or whole lists. */
export interface Chosen<All extends QueueList> {
  readonly ids: readonly string[];
  readonly all: readonly All[];
}

export function readDeliverOptions(
  texts: readonly string[],
  flags: DeliverFlags,
  problems: string[],
): Chosen<'dead'> {
  const ids = readIds(texts, problems);
  const all = flags.all === true ? (['dead'] as const) : [];
  problems.push(...choiceProblems(ids, all, ['--all'], 'all dead letters'));
  return { ids, all };
}

export function readDiscardOptions(
  texts: readonly string[],
  flags: DiscardFlags,
  problems: string[],
): Chosen<QueueList> {
  const ids = readIds(texts, problems);
  const all: QueueList[] = [];
  if (flags.allDead === true) all.push('dead');
  if (flags.allWaiting === true) all.push('waiting');
  const named = ['--all-dead', '--all-waiting'];
  problems.push(...choiceProblems(ids, all, named, 'all that are given up, or that wait'));
  if (all.length > 0 && flags.yes !== true) {
    problems.push('all of them would be gone for good: add --yes if you mean it');
  }
  return { ids, all };
}

function choiceProblems(
  ids: readonly string[],
  all: readonly QueueList[],
  flags: readonly string[],
  meaning: string,
): string[] {
  const named = flags.join(' or ');
  if (ids.length === 0 && all.length === 0) {
    return [`which requests? Give the beginnings of their ids, or ${named} for ${meaning}`];
  }
  return ids.length > 0 && all.length > 0 ? [`ids and ${named}: give one of them, not both`] : [];
}

/** Delivers requests now, and dead letters anew. */
export async function deliverQueued(
  { client, output }: QueueContext,
  chosen: Chosen<'dead'>,
): Promise<ExitCode> {
  return settle({ client, output }, chosen, 'delivering', (choice) => client.deliver(choice));
}

/** Drops requests for good. */
export async function discardQueued(
  { client, output }: QueueContext,
  chosen: Chosen<QueueList>,
): Promise<ExitCode> {
  return settle({ client, output }, chosen, 'discarded', (choice) => client.discard(choice));
}

async function settle<All extends QueueList>(
  { client, output }: QueueContext,
  { ids, all }: Chosen<All>,
  done: string,
  ask: (choice: { ids: readonly string[] } | { all: All }) => Promise<number>,
): Promise<ExitCode> {
  let count = 0;
  for (const list of all) count += await ask({ all: list });
  const { ids: whole, problems } = await resolveIds(client, ids);
  for (const problem of problems) output.complain(problem);
  // Either all that were named, or none: who mistyped one should not wonder about the others.
  if (problems.length > 0) return EXIT.failure;
  if (whole.length > 0) count += await ask({ ids: whole });
  output.print(`${done} ${count}`);
  if (count >= whole.length) return EXIT.ok;
  output.complain(`the queue does not hold ${whole.length - count} of them any more`);
  return EXIT.failure;
}
