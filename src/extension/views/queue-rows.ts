import * as vscode from 'vscode';
import type { QueueEntry, QueueList, QueueState, SignatureTolerance } from '../../agent/index.ts';
import { sizeText, spanText } from '../../shared/figures.ts';
import { errorText } from '../base/error-text.ts';
import { visibleText } from '../base/visible.ts';
import { COMMAND, ROW } from '../ids.ts';
import type { TunnelQueue } from '../queue/tunnel-queue.ts';
import { momentText } from './moment.ts';
import { queuedLook } from './queued-look.ts';
import { countText, staleText, waitingText } from './queue-texts.ts';
import { ageText } from './texts.ts';

/** A row of the queue: a list, one of its requests, or what stands in for those that are not there. */
export type QueueNode =
  | { readonly kind: 'queue'; readonly list: QueueList }
  | { readonly kind: 'queued'; readonly list: QueueList; readonly id: string }
  | { readonly kind: 'moreQueued'; readonly list: QueueList }
  | { readonly kind: 'unread'; readonly list: QueueList; readonly detail: string };

const MAX_LABEL = 300;

/** The lists that have something in them. */
export function queueGroups(state: QueueState | undefined): QueueNode[] {
  return [
    ...((state?.waiting ?? 0) > 0 ? [{ kind: 'queue', list: 'waiting' } as const] : []),
    ...((state?.dead ?? 0) > 0 ? [{ kind: 'queue', list: 'dead' } as const] : []),
  ];
}

/** The requests of a list, as far as it is shown. */
export async function queuedRows(queue: TunnelQueue, list: QueueList): Promise<QueueNode[]> {
  const listing = queue.listing(list);
  try {
    const entries = await listing.read();
    const rows = entries.map(({ id }) => ({ kind: 'queued', list, id }) as const);
    return listing.hasMore ? [...rows, { kind: 'moreQueued', list }] : rows;
  } catch (error) {
    return [{ kind: 'unread', list, detail: errorText(error) }];
  }
}

export function queueItem(node: QueueNode, queue: TunnelQueue): vscode.TreeItem {
  switch (node.kind) {
    case 'queue':
      return groupItem(node.list, queue.state);
    case 'queued': {
      const listing = queue.listing(node.list);
      const entry = listing.entry(node.id);
      // A row that was on its way out when it was asked for.
      if (entry === undefined) return new vscode.TreeItem('');
      return requestItem(entry, node.list, listing.staleSignature(node.id));
    }
    case 'moreQueued':
      return moreItem(node.list);
    case 'unread': {
      const item = new vscode.TreeItem(vscode.l10n.t('Cannot be read'));
      item.id = `unread:${node.list}`;
      item.description = node.detail;
      item.tooltip = node.detail;
      item.iconPath = new vscode.ThemeIcon('warning');
      return item;
    }
  }
}

function groupItem(list: QueueList, state: QueueState | undefined): vscode.TreeItem {
  const count = state?.[list] ?? 0;
  const item = new vscode.TreeItem(
    countText(list, count),
    vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = `queue:${list}`;
  if (list === 'dead') {
    item.contextValue = ` ${ROW.queueDead} `;
    item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    item.tooltip = vscode.l10n.t(
      'Requests that could not be delivered. Deliver them again, or discard them.',
    );
    return item;
  }
  item.contextValue = ` ${ROW.queueWaiting} `;
  item.iconPath = new vscode.ThemeIcon(state?.paused === true ? 'debug-pause' : 'inbox');
  if (state === undefined) return item;
  item.description = waitingText(state);
  item.tooltip = [
    state.paused
      ? vscode.l10n.t('Requests that wait until you have them delivered.')
      : vscode.l10n.t('Requests that are being delivered, the oldest first.'),
    ...(state.oldestAt === undefined
      ? []
      : [vscode.l10n.t('The oldest has waited for {0}.', spanText(Date.now() - state.oldestAt))]),
  ].join('\n');
  return item;
}

function requestItem(
  entry: QueueEntry,
  list: QueueList,
  stale: SignatureTolerance | undefined,
): vscode.TreeItem {
  const path = visibleText(entry.target);
  const label = `${entry.method} ${path.split('?', 1)[0] ?? path}`.slice(0, MAX_LABEL);
  const item = new vscode.TreeItem(label);
  const look = queuedLook(entry, stale !== undefined);
  const facts = [
    ageText(entry.receivedAt),
    ...(stale === undefined ? [] : [vscode.l10n.t('signature too old')]),
    ...(entry.size > 0 ? [sizeText(entry.size)] : []),
    ...attemptsText(entry),
  ];
  item.id = `queued:${list}:${entry.id}`;
  item.description = facts.join(' · ');
  item.iconPath = new vscode.ThemeIcon(
    look.icon,
    look.color === undefined ? undefined : new vscode.ThemeColor(look.color),
  );
  item.tooltip = tooltip(entry, path, stale);
  item.accessibilityInformation = { label: [label, ...facts].join(', ') };
  const isFree = entry.state !== 'delivering';
  item.contextValue = ` ${[
    ROW.queued,
    ...(isFree ? [ROW.queuedFree] : []),
    ...(entry.size > 0 ? [ROW.queuedBody] : []),
  ].join(' ')} `;
  item.command = {
    command: COMMAND.showQueued,
    title: vscode.l10n.t('Show'),
    arguments: [entry.id],
  };
  return item;
}

/** How often it was tried, and how that ended. */
function attemptsText({ attempts, reason }: QueueEntry): string[] {
  return [
    ...(attempts === 0
      ? []
      : [attempts === 1 ? vscode.l10n.t('1 delivery') : vscode.l10n.t('{0} deliveries', attempts)]),
    ...(reason === undefined ? [] : [visibleText(reason)]),
  ];
}

function tooltip(
  entry: QueueEntry,
  path: string,
  stale: SignatureTolerance | undefined,
  now = Date.now(),
): string {
  const { receivedAt, dueInSeconds, size } = entry;
  const { language } = vscode.env;
  return [
    `${entry.method} ${path}`.slice(0, 1000),
    ...(stale === undefined ? [] : [`${staleText(stale, now - receivedAt)}.`]),
    vscode.l10n.t('Received {0}', new Date(receivedAt).toLocaleString(language)),
    [...(size > 0 ? [sizeText(size)] : []), ...attemptsText(entry)].join(' · '),
    ...(dueInSeconds === undefined || dueInSeconds === 0
      ? []
      : [
          vscode.l10n.t(
            'Next delivery at {0}',
            momentText(now + dueInSeconds * 1000, now, language),
          ),
        ]),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function moreItem(list: QueueList): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Show More'));
  item.id = `more:${list}`;
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.command = {
    command: COMMAND.showMoreQueued,
    title: vscode.l10n.t('Show More'),
    arguments: [list],
  };
  return item;
}
