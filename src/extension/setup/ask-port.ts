import * as vscode from 'vscode';
import { isPort } from '../settings/read.ts';
import { COMMON_PORTS, type ListeningPort, listeningPorts } from '../tunnel/listening-ports.ts';
import type { Position } from '../tunnel/steps.ts';
import { showPosition } from './show-position.ts';

export type PortAnswer =
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'echo' }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancel' };

interface PortItem extends vscode.QuickPickItem {
  readonly answer?: PortAnswer;
}

/** Ports that are offered although nothing listens there. */
const IDLE_OFFERED = 3;
const MAX_LISTED = 30;

/** Asks for the port of the local service: those that are listened on first, any other by typing. */
export async function askPort(
  position: Position,
  host: string,
  options: {
    readonly former: number | undefined;
    readonly echoFirst: boolean;
    /** Ports of the editor's own making. */
    readonly hidden: readonly number[];
  },
): Promise<PortAnswer> {
  const pick = vscode.window.createQuickPick<PortItem>();
  pick.title = vscode.l10n.t('Start Tunnel: Port of Your Service');
  pick.placeholder = vscode.l10n.t('Choose a port, or type its number');
  showPosition(pick, position);
  pick.ignoreFocusOut = true;
  pick.buttons = position.step > 1 ? [vscode.QuickInputButtons.Back] : [];
  pick.busy = true;
  let listed: readonly PortItem[] = [];
  let open = true;
  const refresh = (): void => {
    if (open) pick.items = [...typedItem(pick.value, host, listed), ...listed];
  };

  const answer = new Promise<PortAnswer>((resolve) => {
    const end = (result: PortAnswer): void => {
      open = false;
      resolve(result);
      pick.dispose();
    };
    pick.onDidChangeValue(refresh);
    pick.onDidAccept(() => {
      const chosen = pick.selectedItems[0]?.answer;
      if (chosen !== undefined) end(chosen);
    });
    pick.onDidTriggerButton(() => {
      end({ kind: 'back' });
    });
    pick.onDidHide(() => {
      end({ kind: 'cancel' });
    });
  });
  pick.show();
  const all = isLocal(host) ? await listeningPorts() : [];
  const ports = all.filter(({ port }) => !options.hidden.includes(port)).slice(0, MAX_LISTED);
  listed = items(ports, options.echoFirst);
  if (open) {
    pick.busy = false;
    refresh();
    const former = listed.find(
      ({ answer: item }) => item?.kind === 'port' && item.port === options.former,
    );
    if (former !== undefined) pick.activeItems = [former];
  }
  return answer;
}

function items(listening: readonly ListeningPort[], echoFirst: boolean): PortItem[] {
  const echo: PortItem = {
    label: vscode.l10n.t('Echo service'),
    description: vscode.l10n.t('for trying out: answers with what it gets'),
    iconPath: new vscode.ThemeIcon('megaphone'),
    alwaysShow: true,
    answer: { kind: 'echo' },
  };
  const idle = COMMON_PORTS.filter(
    (common) => !listening.some(({ port }) => port === common),
  ).slice(0, IDLE_OFFERED);
  const ports: PortItem[] = [
    ...heading(vscode.l10n.t('listening'), listening.length),
    ...listening.map(({ port, program }) =>
      portItem(port, 'pass', program ?? vscode.l10n.t('something listens here')),
    ),
    ...heading(vscode.l10n.t('usual ports'), idle.length),
    ...idle.map((port) => portItem(port, 'circle-outline', vscode.l10n.t('nothing listens yet'))),
  ];
  return echoFirst
    ? [echo, ...ports]
    : [...ports, ...heading(vscode.l10n.t('no service yet?'), 1), echo];
}

function heading(label: string, count: number): PortItem[] {
  return count === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }];
}

function portItem(port: number, icon: string, description: string): PortItem {
  return {
    label: String(port),
    description,
    iconPath: new vscode.ThemeIcon(icon),
    answer: { kind: 'port', port },
  };
}

/** A row for a number that is typed and not in the list. */
function typedItem(value: string, host: string, listed: readonly PortItem[]): PortItem[] {
  const text = value.trim();
  if (!/^\d+$/.test(text) || listed.some((item) => item.label === text)) return [];
  const port = Number(text);
  if (!isPort(port)) return [];
  return [{ ...portItem(port, 'arrow-right', `${host}:${port}`), alwaysShow: true }];
}

function isLocal(host: string): boolean {
  return ['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0'].includes(host);
}
