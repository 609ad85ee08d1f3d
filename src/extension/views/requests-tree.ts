import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import { Throttle } from '../base/throttle.ts';
import { visibleText } from '../base/visible.ts';
import type { Entry } from '../history/entry.ts';
import type { HistoryStore } from '../history/store.ts';
import { COMMAND, ROW } from '../ids.ts';
import { durationText, sizeText } from '../../shared/figures.ts';
import { Ages } from './ages.ts';
import { rowLook } from './row-look.ts';
import { queuedText } from './queue-texts.ts';
import { ageText, outcomeText } from './texts.ts';

export type RequestNode =
  | { readonly kind: 'exchange'; readonly key: string }
  /** Leads to the rows that are not shown yet. */
  | { readonly kind: 'more' };

/** Rows at first, and how many more a click brings: drawing is what costs, not keeping. */
const PAGE = 200;
/** A list is told of changes at most this often, in milliseconds. */
const MAX_REFRESH_MS = 200;
const MAX_LABEL = 300;

/** The history, newest first. */
export class RequestsTree implements vscode.TreeDataProvider<RequestNode> {
  readonly #history: HistoryStore;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #throttle: Throttle;
  readonly #ages = this.#owned.add(
    new Ages(() => {
      if (this.#history.size > 0) this.#throttle.request();
    }),
  );
  #shown = PAGE;

  constructor(history: HistoryStore) {
    this.#history = history;
    this.#throttle = this.#owned.add(
      new Throttle(() => {
        this.#changed.fire(undefined);
      }, MAX_REFRESH_MS),
    );
    this.#owned.add(
      history.changed.on(() => {
        this.#throttle.request();
      }),
    );
  }

  setVisible(visible: boolean): void {
    this.#ages.setVisible(visible);
    if (visible) this.#throttle.request();
  }

  showMore(): void {
    this.#shown += PAGE;
    this.#throttle.request();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  getChildren(node?: RequestNode): RequestNode[] {
    if (node !== undefined) return [];
    const rows: RequestNode[] = this.#history
      .newest(this.#shown)
      .map(({ key }) => ({ kind: 'exchange', key }));
    return this.#history.size > this.#shown ? [...rows, { kind: 'more' }] : rows;
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem(node: RequestNode): vscode.TreeItem {
    if (node.kind === 'more') return moreItem(this.#history.size - this.#shown);
    const entry = this.#history.get(node.key);
    return entry === undefined ? new vscode.TreeItem('') : exchangeItem(entry);
  }
}

function exchangeItem(entry: Entry): vscode.TreeItem {
  const path = visibleText(entry.target);
  const label = `${entry.method} ${path.split('?', 1)[0] ?? path}`.slice(0, MAX_LABEL);
  const item = new vscode.TreeItem(label);
  const look = rowLook(entry);
  const result = resultText(entry);
  const duration = entry.durationMs === undefined ? [] : [durationText(entry.durationMs)];
  const age = ageText(entry.at);
  const queued = entry.delivery === undefined ? [] : [queuedText(entry.delivery)];
  item.id = entry.key;
  item.description = [result, ...queued, ...duration, age].join(' · ');
  item.iconPath = new vscode.ThemeIcon(
    look.icon,
    look.color === undefined ? undefined : new vscode.ThemeColor(look.color),
  );
  item.tooltip = tooltip(entry, path);
  item.accessibilityInformation = {
    label: [label, result, ...queued, ...duration, age].join(', '),
  };
  // What passed through a WebSocket was counted only.
  const hasBodies = entry.status !== 101;
  item.contextValue = ` ${[
    ROW.exchange,
    ...(hasBodies && entry.requestBytes > 0 ? [ROW.requestBody] : []),
    ...(hasBodies && entry.responseBytes > 0 ? [ROW.responseBody] : []),
  ].join(' ')} `;
  item.command = {
    command: COMMAND.openRequest,
    title: vscode.l10n.t('Show Request'),
    arguments: [entry.key],
  };
  return item;
}

function resultText(entry: Entry): string {
  const outcome = outcomeText(entry.outcome);
  const isAnswering = entry.outcome.kind === 'open' && entry.status !== undefined;
  if (outcome === undefined || isAnswering) return String(entry.status ?? '');
  return entry.status === undefined ? outcome : `${entry.status} ${outcome}`;
}

function tooltip(entry: Entry, path: string): string {
  const lines = [`${entry.method} ${path}`.slice(0, 1000), resultText(entry)];
  if (entry.outcome.kind === 'failed' || entry.outcome.kind === 'undelivered') {
    lines.push(entry.outcome.detail);
  }
  lines.push(new Date(entry.at).toLocaleString(vscode.env.language));
  if (entry.outcome.kind !== 'open') {
    lines.push(
      vscode.l10n.t(
        '{0} sent, {1} returned',
        sizeText(entry.requestBytes),
        sizeText(entry.responseBytes),
      ),
    );
  }
  return lines.join('\n');
}

function moreItem(count: number): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Show More'));
  item.id = 'more';
  item.description = vscode.l10n.t('{0} older', count);
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.command = { command: COMMAND.showMoreRequests, title: vscode.l10n.t('Show More') };
  return item;
}
