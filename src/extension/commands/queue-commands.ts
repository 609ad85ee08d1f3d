import * as vscode from 'vscode';
import type { QueueList } from '../../agent/index.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import { COMMAND, VIEW } from '../ids.ts';
import type { TunnelQueue } from '../queue/tunnel-queue.ts';
import { hint } from '../views/hint.ts';
import type { QueuedFiles, QueuedPart } from '../views/queued-files.ts';
import type { TunnelNode } from '../views/tunnels-tree.ts';
import { idsOf, listOf } from './queue-arguments.ts';
import type { CommandHandlers } from './register.ts';

export interface QueueCommandParts {
  readonly queue: TunnelQueue;
  readonly files: QueuedFiles;
  readonly view: Pick<vscode.TreeView<TunnelNode>, 'reveal'>;
  readonly log: Logger;
}

type QueueCommands = Pick<
  CommandHandlers,
  | 'caronte.showQueue'
  | 'caronte.reviewQueue'
  | 'caronte.pauseDeliveries'
  | 'caronte.resumeDeliveries'
  | 'caronte.deliverQueued'
  | 'caronte.discardQueued'
  | 'caronte.showQueued'
  | 'caronte.openQueuedBody'
  | 'caronte.deliverAllQueued'
  | 'caronte.discardAllQueued'
  | 'caronte.showMoreQueued'
>;

export function queueCommands(parts: QueueCommandParts): QueueCommands {
  const { queue } = parts;
  return {
    [COMMAND.showQueue]: (argument) => showQueue(parts, listOf(argument)),
    [COMMAND.reviewQueue]: () => reviewQueue(parts),
    [COMMAND.pauseDeliveries]: () => tried(parts, () => queue.setPaused(true)),
    [COMMAND.resumeDeliveries]: () => tried(parts, () => queue.setPaused(false)),
    [COMMAND.deliverQueued]: (argument) => deliver(parts, idsOf(argument)),
    [COMMAND.discardQueued]: (argument) => discard(parts, idsOf(argument)),
    [COMMAND.showQueued]: (argument) => open(parts, idsOf(argument)[0], 'request'),
    [COMMAND.openQueuedBody]: (argument) => open(parts, idsOf(argument)[0], 'body'),
    [COMMAND.deliverAllQueued]: (argument) => {
      const list = listOf(argument) ?? 'waiting';
      return tried(parts, () => queue.deliverAll(list));
    },
    [COMMAND.discardAllQueued]: (argument) => discardAll(parts, listOf(argument) ?? 'waiting'),
    [COMMAND.showMoreQueued]: (argument) => {
      const list = listOf(argument);
      if (list !== undefined) queue.listing(list).showMore();
    },
  };
}

/** Opens the Tunnels view with a list unfolded: what waits, unless another is named or nothing does. */
async function showQueue({ queue, view }: QueueCommandParts, named?: QueueList): Promise<void> {
  const { state } = queue;
  const list = named ?? (state?.waiting === 0 && state.dead > 0 ? 'dead' : 'waiting');
  if ((state?.[list] ?? 0) === 0) {
    await vscode.commands.executeCommand(`${VIEW.tunnels}.focus`);
    hint(vscode.l10n.t('Nothing waits for this tunnel'));
    return;
  }
  await view.reveal({ kind: 'queue', list }, { expand: true, focus: true, select: true });
}

/** Has what waits stay where it is, for a person to look at. Resolves with whether it does. */
async function reviewQueue(parts: QueueCommandParts): Promise<boolean> {
  const { queue } = parts;
  const paused = await tried(parts, () => queue.setPaused(true));
  if (paused === true && queue.state?.waiting === 0) {
    // The last was delivered meanwhile: those to come are not what was to be reviewed.
    await tried(parts, () => queue.setPaused(false));
    await vscode.commands.executeCommand(COMMAND.showRequests);
    hint(vscode.l10n.t('Nothing waits any more: all has been delivered'));
    return false;
  }
  await showQueue(parts, 'waiting');
  return paused === true;
}

async function deliver(parts: QueueCommandParts, ids: readonly string[]): Promise<number> {
  const { queue } = parts;
  if (ids.length === 0) return 0;
  const count = (await tried(parts, () => queue.deliver(ids))) ?? 0;
  if (count === 0) hint(vscode.l10n.t('It was delivered or discarded meanwhile'));
  return count;
}

async function discard(parts: QueueCommandParts, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const question =
    ids.length === 1
      ? vscode.l10n.t('Discard this request?')
      : vscode.l10n.t('Discard {0} requests?', ids.length);
  if (!(await confirmed(question))) return 0;
  return discarded(parts, { ids });
}

async function discardAll(parts: QueueCommandParts, list: QueueList): Promise<number> {
  const count = parts.queue.state?.[list] ?? 0;
  if (count === 0) {
    hint(vscode.l10n.t('There is nothing to discard'));
    return 0;
  }
  const question =
    list === 'waiting'
      ? vscode.l10n.t('Discard all requests that wait ({0})?', count)
      : vscode.l10n.t('Discard all requests that were given up ({0})?', count);
  if (!(await confirmed(question))) return 0;
  return discarded(parts, { all: list });
}

async function confirmed(question: string): Promise<boolean> {
  const yes = vscode.l10n.t('Discard');
  const detail = vscode.l10n.t('They will never be delivered. This cannot be undone.');
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

async function discarded(
  parts: QueueCommandParts,
  choice: Parameters<TunnelQueue['discard']>[0],
): Promise<number> {
  const count = (await tried(parts, () => parts.queue.discard(choice))) ?? 0;
  hint(vscode.l10n.t('$(check) Discarded: {0}', count));
  return count;
}

/** Opens a request, or its body, as a read-only document. Resolves with its address. */
async function open(
  parts: QueueCommandParts,
  id: string | undefined,
  part: QueuedPart,
): Promise<vscode.Uri | undefined> {
  if (id === undefined) return undefined;
  const uri = await tried(parts, () => parts.files.uriOf(id, part));
  if (uri !== undefined) {
    await vscode.commands.executeCommand('vscode.open', uri, { preview: true });
  }
  return uri;
}

/** What a queue refuses is told in passing, and in the log; undefined then. */
async function tried<T>(
  { log }: QueueCommandParts,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    log.warn(`Queue: ${errorText(error)}`);
    hint(vscode.l10n.t('$(error) The queue did not do that: {0}', errorText(error)));
    return undefined;
  }
}
