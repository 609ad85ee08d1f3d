import * as vscode from 'vscode';
import type { QueueState } from '../../agent/index.ts';
import { COMMAND, type CommandId } from '../ids.ts';
import { isRunning, publicUrlOf, type TunnelState } from '../tunnel/state.ts';
import { queueText } from '../views/queue-texts.ts';
import { statusText } from '../views/tunnel-texts.ts';

interface ActionItem extends vscode.QuickPickItem {
  readonly run?: CommandId;
}

/** What can be done about the tunnel in its present state. Runs what is chosen; returns its id. */
export async function showActionMenu(
  state: TunnelState,
  queue: QueueState | undefined,
  hasRequests: boolean,
): Promise<CommandId | undefined> {
  const chosen = await vscode.window.showQuickPick(actions(state, queue, hasRequests), {
    title: state.kind === 'off' ? 'Caronte' : `Caronte: ${state.plan.code} (${statusText(state)})`,
    placeHolder: vscode.l10n.t('Choose an action'),
  });
  if (chosen?.run !== undefined) await vscode.commands.executeCommand(chosen.run);
  return chosen?.run;
}

function actions(
  state: TunnelState,
  queue: QueueState | undefined,
  hasRequests: boolean,
): ActionItem[] {
  const held = queue === undefined ? '' : queueText(queue);
  const url = publicUrlOf(state);
  const running = isRunning(state);
  return [
    ...(url === undefined
      ? []
      : [
          item(COMMAND.copyPublicUrl, 'copy', vscode.l10n.t('Copy Public URL'), url),
          item(COMMAND.sendSample, 'send', vscode.l10n.t('Send Sample Request')),
        ]),
    ...(held === ''
      ? []
      : [item(COMMAND.showQueue, 'inbox', vscode.l10n.t('Show Waiting Requests'), held)]),
    ...(running || state.kind === 'stopping'
      ? []
      : [item(COMMAND.startTunnel, 'debug-start', vscode.l10n.t('Start Tunnel'))]),
    ...(state.kind === 'trouble'
      ? [
          item(
            COMMAND.setSecret,
            'key',
            vscode.l10n.t('Set Secret…'),
            state.trouble.advice ?? state.trouble.message,
          ),
        ]
      : []),
    ...(state.kind === 'off' && !hasRequests
      ? [item(COMMAND.tryLocally, 'beaker', vscode.l10n.t('Try It Without a Proxy'))]
      : []),
    item(COMMAND.showRequests, 'list-unordered', vscode.l10n.t('Show Requests')),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    ...(running
      ? [
          item(COMMAND.restartTunnel, 'debug-restart', vscode.l10n.t('Restart Tunnel')),
          item(COMMAND.stopTunnel, 'debug-stop', vscode.l10n.t('Stop Tunnel')),
        ]
      : []),
    item(COMMAND.openSettings, 'settings-gear', vscode.l10n.t('Settings')),
    item(COMMAND.showLog, 'output', vscode.l10n.t('Show Log')),
  ];
}

function item(run: CommandId, icon: string, label: string, description?: string): ActionItem {
  return {
    run,
    label,
    iconPath: new vscode.ThemeIcon(icon),
    ...(description === undefined ? {} : { description }),
  };
}
