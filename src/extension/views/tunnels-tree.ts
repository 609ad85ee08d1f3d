import * as vscode from 'vscode';
import type { AgentWarning } from '../../agent/index.ts';
import { Disposables } from '../base/disposables.ts';
import { Throttle } from '../base/throttle.ts';
import type { TodayFigures } from '../history/today.ts';
import { COMMAND, ROW } from '../ids.ts';
import type { LocalProxyState } from '../proxy/local-proxy.ts';
import { shortTarget, targetOrigin } from '../settings/target.ts';
import type { TunnelQueue } from '../queue/tunnel-queue.ts';
import { publicUrlOf, type TunnelState } from '../tunnel/state.ts';
import type { TargetHealth } from '../tunnel/target-health.ts';
import { Ages } from './ages.ts';
import { queueGroups, queueItem, type QueueNode, queuedRows } from './queue-rows.ts';
import { figuresText, healthText, statusText, troubleText } from './tunnel-texts.ts';

export interface TunnelsSource {
  readonly state: () => TunnelState;
  readonly figures: () => TodayFigures;
  readonly health: () => TargetHealth;
  readonly localProxy: () => LocalProxyState;
  readonly warning: () => AgentWarning | undefined;
  readonly queue: TunnelQueue;
}

/** A row of the tunnel itself; its `kind` is its id too, since there is one of each. */
interface OwnNode {
  readonly kind:
    'tunnel' | 'trouble' | 'warning' | 'publicUrl' | 'target' | 'proxy' | 'today' | 'localProxy';
}

export type TunnelNode = OwnNode | QueueNode;

type Started = Exclude<TunnelState, { kind: 'off' }>;

const MAX_REFRESH_MS = 200;

/** The tunnel with what belongs to it, and the local proxy. Empty while there is neither. */
export class TunnelsTree implements vscode.TreeDataProvider<TunnelNode> {
  readonly #source: TunnelsSource;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #throttle: Throttle;
  readonly #ages = this.#owned.add(
    new Ages(() => {
      if (this.#source.queue.state === undefined) return;
      this.#source.queue.checkSignatures();
      this.refresh();
    }),
  );

  constructor(source: TunnelsSource) {
    this.#source = source;
    this.#throttle = this.#owned.add(
      new Throttle(() => {
        this.#changed.fire(undefined);
      }, MAX_REFRESH_MS),
    );
  }

  refresh(): void {
    this.#throttle.request();
  }

  setVisible(visible: boolean): void {
    this.#ages.setVisible(visible);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  getChildren(node?: TunnelNode): TunnelNode[] | Promise<TunnelNode[]> {
    const state = this.#source.state();
    if (node?.kind === 'queue') return queuedRows(this.#source.queue, node.list);
    if (node === undefined) {
      return [
        ...(state.kind === 'off' ? [] : [{ kind: 'tunnel' } as const]),
        ...(this.#source.localProxy().kind === 'off' ? [] : [{ kind: 'localProxy' } as const]),
      ];
    }
    if (node.kind !== 'tunnel' || state.kind === 'off') return [];
    return [
      ...(state.kind === 'trouble' || state.kind === 'retrying'
        ? [{ kind: 'trouble' } as const]
        : []),
      ...(this.#source.warning() === undefined ? [] : [{ kind: 'warning' } as const]),
      ...(publicUrlOf(state) === undefined ? [] : queueGroups(this.#source.queue.state)),
      ...(state.kind === 'live' ? [{ kind: 'publicUrl' } as const] : []),
      { kind: 'target' },
      { kind: 'proxy' },
      { kind: 'today' },
    ];
  }

  /** What has to be open for a row to be seen. */
  getParent(node: TunnelNode): TunnelNode | undefined {
    switch (node.kind) {
      case 'tunnel':
      case 'localProxy':
        return undefined;
      case 'queued':
      case 'moreQueued':
      case 'unread':
        return { kind: 'queue', list: node.list };
      default:
        return { kind: 'tunnel' };
    }
  }

  getTreeItem(node: TunnelNode): vscode.TreeItem {
    if (node.kind === 'localProxy') return localProxyItem(this.#source.localProxy());
    if (isOfQueue(node)) return queueItem(node, this.#source.queue);
    const state = this.#source.state();
    // A row that was on its way out when the tunnel went off.
    if (state.kind === 'off') return row(node.kind, '', '', 'circle-slash');
    return this.#item(node.kind, state);
  }

  #item(kind: Exclude<OwnNode['kind'], 'localProxy'>, state: Started): vscode.TreeItem {
    const { plan } = state;
    switch (kind) {
      case 'tunnel':
        return tunnelItem(state);
      case 'trouble': {
        const trouble =
          state.kind === 'trouble' || state.kind === 'retrying' ? state.trouble : undefined;
        const label = trouble === undefined ? '' : troubleText(trouble, plan);
        const item = row(kind, label, trouble?.advice ?? '', 'error');
        if (state.kind === 'retrying') item.iconPath = new vscode.ThemeIcon('warning');
        item.tooltip = [trouble?.message, trouble?.advice].filter(Boolean).join('\n');
        item.command = { command: COMMAND.showActions, title: vscode.l10n.t('Show Actions') };
        return item;
      }
      case 'warning': {
        const item = row(kind, vscode.l10n.t('Secret travels unencrypted'), '', 'unlock');
        item.tooltip = this.#source.warning()?.message;
        return item;
      }
      case 'publicUrl': {
        const url = state.kind === 'live' ? state.publicUrl : '';
        const item = row(kind, vscode.l10n.t('Public URL'), withoutScheme(url), 'globe');
        item.contextValue = ROW.publicUrl;
        item.command = { command: COMMAND.copyPublicUrl, title: vscode.l10n.t('Copy Public URL') };
        item.tooltip = vscode.l10n.t('{0}\nClick to copy', url);
        return item;
      }
      case 'target': {
        const health = this.#source.health();
        const item = row(
          kind,
          vscode.l10n.t('Target'),
          `${shortTarget(plan.target)} · ${healthText(health)}`,
          'target',
        );
        item.tooltip =
          health.kind === 'fails'
            ? health.detail
            : `${targetOrigin(plan.target)}\n${healthText(health)}`;
        return item;
      }
      case 'proxy':
        return row(kind, vscode.l10n.t('Proxy'), withoutScheme(plan.proxyUrl), 'server');
      case 'today':
        return row(kind, vscode.l10n.t('Today'), figuresText(this.#source.figures()), 'pulse');
    }
  }
}

function isOfQueue(node: TunnelNode): node is QueueNode {
  return 'list' in node;
}

function row(id: string, label: string, description: string, icon: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = id;
  item.description = description;
  item.tooltip = description === '' ? label : `${label}: ${description}`;
  item.iconPath = new vscode.ThemeIcon(icon);
  return item;
}

/** Room is scarce in a side bar; the tooltip has the whole. */
function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

function tunnelItem(state: Started): vscode.TreeItem {
  const description = `→ ${shortTarget(state.plan.target)} · ${statusText(state)}`;
  const item = row('tunnel', state.plan.code, description, 'radio-tower');
  item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
  item.contextValue = ROW.tunnel;
  item.tooltip = `${state.plan.code} → ${targetOrigin(state.plan.target)}\n${statusText(state)}`;
  if (state.kind === 'trouble') {
    item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  } else if (state.kind === 'retrying') {
    item.iconPath = new vscode.ThemeIcon('sync~spin');
  } else if (state.kind !== 'live') {
    item.iconPath = new vscode.ThemeIcon('loading~spin');
  }
  return item;
}

function localProxyItem(state: LocalProxyState): vscode.TreeItem {
  const label = vscode.l10n.t('Local proxy');
  const item = row('localProxy', label, '', 'server-process');
  item.contextValue = ROW.localProxy;
  switch (state.kind) {
    case 'off':
      break;
    case 'starting':
      item.description = vscode.l10n.t('starting');
      break;
    case 'running':
      item.description = state.url;
      item.tooltip = vscode.l10n.t('Only this machine can reach it: {0}', state.url);
      break;
    case 'failed':
      item.description = state.detail;
      item.tooltip = state.detail;
      item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
      item.command = { command: COMMAND.showLog, title: vscode.l10n.t('Show Log') };
  }
  return item;
}
