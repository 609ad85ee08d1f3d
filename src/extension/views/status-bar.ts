import * as vscode from 'vscode';
import type { Disposable } from '../base/disposables.ts';
import { Throttle } from '../base/throttle.ts';
import type { TodayFigures } from '../history/today.ts';
import { COMMAND, STATUS_ITEM } from '../ids.ts';
import { shortTarget, targetOrigin } from '../settings/target.ts';
import type { TunnelQueue } from '../queue/tunnel-queue.ts';
import type { TunnelState } from '../tunnel/state.ts';
import type { TargetHealth } from '../tunnel/target-health.ts';
import { queueText } from './queue-texts.ts';
import { figuresText, healthText, statusText, troubleText } from './tunnel-texts.ts';

export interface StatusBarSource {
  readonly state: () => TunnelState;
  readonly figures: () => TodayFigures;
  readonly health: () => TargetHealth;
  readonly queue: Pick<TunnelQueue, 'state'>;
  /** Whether the item shows although no tunnel is up. */
  readonly isAtHome: () => boolean;
}

/** Left of the bar's middle, after what the editor itself puts there. */
const PRIORITY = 40;

/** The one item in the status bar. It has no colours of its own but where the user must act. */
export class StatusBar implements Disposable {
  readonly #item: vscode.StatusBarItem;
  readonly #source: StatusBarSource;
  readonly #throttle: Throttle;

  constructor(source: StatusBarSource) {
    this.#source = source;
    this.#item = vscode.window.createStatusBarItem(
      STATUS_ITEM,
      vscode.StatusBarAlignment.Left,
      PRIORITY,
    );
    this.#item.name = 'Caronte';
    this.#item.command = COMMAND.showActions;
    this.#throttle = new Throttle(() => {
      this.#render();
    }, 250);
    this.refresh();
  }

  refresh(): void {
    this.#throttle.request();
  }

  dispose(): void {
    this.#throttle.dispose();
    this.#item.dispose();
  }

  #render(): void {
    const state = this.#source.state();
    if (state.kind === 'off' && !this.#source.isAtHome()) {
      this.#item.hide();
      return;
    }
    const { text, label } = itemText(state);
    this.#item.text = text;
    this.#item.accessibilityInformation = { label };
    this.#item.tooltip = this.#tooltip(state);
    this.#item.backgroundColor =
      state.kind === 'trouble' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    this.#item.show();
  }

  #tooltip(state: TunnelState): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString('', true);
    if (state.kind === 'off') {
      return tooltip.appendText(vscode.l10n.t('No tunnel. Click to start one.'));
    }
    tooltip.appendMarkdown('**').appendText(state.plan.code).appendMarkdown('** · ');
    tooltip.appendText(statusText(state)).appendMarkdown('\n\n');
    if (state.kind === 'trouble' || state.kind === 'retrying') {
      tooltip.appendText(troubleText(state.trouble, state.plan)).appendMarkdown('\n\n');
      const { advice } = state.trouble;
      if (advice !== undefined) tooltip.appendText(advice).appendMarkdown('\n\n');
    }
    if (state.kind === 'live') {
      tooltip.appendMarkdown('$(globe) ').appendText(state.publicUrl).appendMarkdown('\n\n');
    }
    tooltip.appendMarkdown('$(target) ').appendText(targetOrigin(state.plan.target));
    tooltip.appendText(` · ${healthText(this.#source.health())}`).appendMarkdown('\n\n');
    const held = this.#source.queue.state;
    const waiting = held === undefined ? '' : queueText(held);
    if (waiting !== '')
      tooltip.appendMarkdown('$(inbox) ').appendText(waiting).appendMarkdown('\n\n');
    return tooltip
      .appendMarkdown('$(pulse) ')
      .appendText(vscode.l10n.t('Today: {0}', figuresText(this.#source.figures())));
  }
}

function itemText(state: TunnelState): { text: string; label: string } {
  switch (state.kind) {
    case 'off':
      return { text: '$(circle-slash) Caronte', label: vscode.l10n.t('Caronte: no tunnel') };
    case 'connecting':
      return {
        text: `$(loading~spin) ${state.plan.code}`,
        label: vscode.l10n.t('Caronte: tunnel {0} is connecting', state.plan.code),
      };
    case 'live': {
      const { code, target } = state.plan;
      return {
        text: `$(radio-tower) ${code} → ${shortTarget(target)}`,
        label: vscode.l10n.t('Caronte: tunnel {0} to {1} is live', code, targetOrigin(target)),
      };
    }
    case 'retrying':
      return {
        text: `$(sync~spin) ${state.plan.code}`,
        label: vscode.l10n.t('Caronte: tunnel {0} is reconnecting', state.plan.code),
      };
    case 'stopping':
      return {
        text: `$(loading~spin) ${state.plan.code}`,
        label: vscode.l10n.t('Caronte: tunnel {0} is stopping', state.plan.code),
      };
    case 'trouble':
      return {
        text: `$(error) ${state.plan.code}`,
        label: vscode.l10n.t(
          'Caronte: tunnel {0} has stopped: {1}',
          state.plan.code,
          state.trouble.message,
        ),
      };
  }
}
