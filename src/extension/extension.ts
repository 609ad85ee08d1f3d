import { join } from 'node:path';
import * as vscode from 'vscode';
import type { AgentWarning } from '../agent/index.ts';
import type { CaronteApi, RequestInfo, TunnelInfo } from './api.ts';
import { Disposables } from './base/disposables.ts';
import { endsWithin } from './base/within.ts';
import { queueCommands } from './commands/queue-commands.ts';
import { copyBody, openBody, requestCommands } from './commands/request-commands.ts';
import { registerCommands } from './commands/register.ts';
import { tunnelCommands } from './commands/tunnel-commands.ts';
import { HistoryRecorder } from './history/recorder.ts';
import { type HistoryLimits, HistoryStore } from './history/store.ts';
import { Today } from './history/today.ts';
import { BODY_SCHEME, QUEUED_SCHEME, VIEW } from './ids.ts';
import { queueFolder } from './proxy/queue-folder.ts';
import { LocalProxy, STOP_MS } from './proxy/local-proxy.ts';
import { Absence } from './queue/absence.ts';
import { QueueMemory } from './queue/memory.ts';
import { TunnelQueue } from './queue/tunnel-queue.ts';
import { suggestCode } from './settings/code.ts';
import { SECTION } from './settings/schema.ts';
import { targetOrigin } from './settings/target.ts';
import { WorkspaceSettings } from './settings/workspace-settings.ts';
import { askSetup } from './setup/setup.ts';
import { EchoTarget } from './tunnel/echo-target.ts';
import { tunnelInfo } from './tunnel/info.ts';
import { installationId } from './tunnel/installation.ts';
import { Launcher } from './tunnel/launcher.ts';
import { loadEngine } from './tunnel/load-engine.ts';
import { autoStart, leaveNoteOf } from './tunnel/auto-start.ts';
import { SecretVault } from './tunnel/secret-vault.ts';
import { isRunning, planOf, publicUrlOf } from './tunnel/state.ts';
import { nextHealth, type TargetHealth } from './tunnel/target-health.ts';
import { RESTART_GRACE_MS, Tunnel } from './tunnel/tunnel.ts';
import { AwayNotice } from './views/away-notice.ts';
import { BodyFiles } from './views/body-files.ts';
import { ContextKeys } from './views/context-keys.ts';
import { hint } from './views/hint.ts';
import { Questions } from './views/questions.ts';
import { queueBadge } from './views/queue-badge.ts';
import { QueuedFiles } from './views/queued-files.ts';
import { awayText } from './views/queue-texts.ts';
import { RequestView } from './views/request-view.ts';
import { RequestsTree } from './views/requests-tree.ts';
import { StatusBar } from './views/status-bar.ts';
import { TroubleNotice } from './views/trouble-notice.ts';
import { TunnelsTree } from './views/tunnels-tree.ts';

export type { CaronteApi, RequestInfo, TunnelInfo } from './api.ts';

/** Ends what must not outlive the window. Set by `activate`. */
let close: (() => Promise<void>) | undefined;

/**
 * What each may take when the window closes, in milliseconds: a little longer than its own grace
 * time. The editor waits 5 s for all extensions.
 */
const CLOSE_MS = {
  tunnel: RESTART_GRACE_MS + 250,
  localProxy: STOP_MS.channel + STOP_MS.signal + 350,
} as const;

/** Builds everything, in the order in which it is needed, and wires it up. */
export function activate(context: vscode.ExtensionContext): CaronteApi {
  const owned = new Disposables();
  context.subscriptions.push(owned);
  const log = owned.add(vscode.window.createOutputChannel('Caronte', { log: true }));
  const storage = (context.storageUri ?? context.globalStorageUri).fsPath;
  const { version } = context.extension.packageJSON as { version: string };

  const settings = new WorkspaceSettings(log);
  const secrets = new SecretVault(context.secrets);
  const localProxy = new LocalProxy({
    program: context.asAbsolutePath('dist/caronte.mjs'),
    dataDir: queueFolder(context.storageUri?.fsPath),
    log,
  });
  const echo = owned.add(new EchoTarget());
  const history = new HistoryStore({
    folder: join(storage, 'history'),
    limits: limitsOf(settings),
    log,
  });
  let today = new Today();
  let health: TargetHealth = { kind: 'unknown' };
  let warning: AgentWarning | undefined;

  const recorder = new HistoryRecorder(
    history,
    () => {
      const plan = planOf(tunnel.state);
      return {
        publicUrl: publicUrlOf(tunnel.state),
        service: plan === undefined ? '' : targetOrigin(plan.target),
      };
    },
    (request, now) => tunnel.engine?.staleSignature(request, now),
  );
  const queueMemory = new QueueMemory(context.workspaceState);
  const tunnel: Tunnel = new Tunnel({
    loadEngine,
    wasPaused: (plan) => queueMemory.of(plan).pausedByHand,
    network: settings.network,
    onExchange: (event) => {
      const next = nextHealth(health, event);
      if (next !== health) {
        health = next;
        figuresChanged();
      }
      recorder.onExchange(event);
    },
    log,
    software: `caronte-vscode/${version}`,
    installation: () => installationId(context.workspaceState),
  });
  const suggest = (): string => suggestCode(vscode.workspace.workspaceFolders?.[0]?.name);
  const queue = new TunnelQueue(tunnel);
  const absence = new Absence(queueMemory);
  const questions = new Questions();
  const awayNotice = new AwayNotice(questions);
  const notice = new TroubleNotice(questions);
  const launcher: Launcher = new Launcher({
    readSettings: settings.read,
    secrets,
    localProxy,
    echo,
    tunnel,
    suggestCode: suggest,
    save: settings.save,
    ask: (state) =>
      askSetup(
        {
          secrets,
          suggestCode: suggest,
          localSecret: (proxyUrl) => localProxy.secretFor(proxyUrl),
          hiddenPorts: () => hiddenPorts(localProxy, echo),
        },
        state,
      ),
    onSecretMissing: (proxyUrl) => {
      notice.onSecretMissing(proxyUrl);
    },
    onRestart: () => {
      hint(vscode.l10n.t('$(sync) Settings have changed: the tunnel restarts'));
    },
    log,
  });

  const source = {
    state: () => tunnel.state,
    figures: () => today.figures,
    health: () => health,
    localProxy: () => localProxy.state,
    warning: () => warning,
    queue,
    isAtHome: () => tunnel.launch !== undefined || settings.read().code !== undefined,
  };
  const statusBar = owned.add(new StatusBar(source));
  const tunnelsTree = owned.add(new TunnelsTree(source));
  const requestsTree = owned.add(new RequestsTree(history));
  const bodyFiles = owned.add(new BodyFiles(history));
  const requestView: RequestView = owned.add(
    new RequestView(vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview'), history, {
      openBody: (key, side) => void openBody(requestParts, key, side),
      copyBody: (key, side) => void copyBody(requestParts, key, side),
      copyText: (text) => {
        void vscode.env.clipboard.writeText(text);
        hint(vscode.l10n.t('$(check) Copied'));
      },
    }),
  );
  const requestParts = { history, requestView, requestsTree, bodyFiles };
  const queuedFiles = owned.add(new QueuedFiles(queue));
  const tunnelsView = owned.add(
    vscode.window.createTreeView(VIEW.tunnels, { treeDataProvider: tunnelsTree }),
  );
  const requestsView = owned.add(
    vscode.window.createTreeView(VIEW.requests, { treeDataProvider: requestsTree }),
  );
  owned.add(vscode.window.registerWebviewViewProvider(VIEW.request, requestView));
  owned.add(
    vscode.workspace.registerFileSystemProvider(BODY_SCHEME, bodyFiles, { isReadonly: true }),
  );
  owned.add(
    vscode.workspace.registerFileSystemProvider(QUEUED_SCHEME, queuedFiles, { isReadonly: true }),
  );
  owned.add(
    registerCommands(
      {
        ...tunnelCommands({
          tunnel,
          launcher,
          localProxy,
          secrets,
          readSettings: settings.read,
          log,
          showLog: () => {
            log.show(true);
          },
          hasRequests: () => history.size > 0,
          queue,
          extensionUri: context.extensionUri,
          extensionId: context.extension.id,
        }),
        ...requestCommands(requestParts),
        ...queueCommands({ queue, files: queuedFiles, view: tunnelsView, log }),
      },
      log,
    ),
  );

  const keys = new ContextKeys();
  const infoChanged = owned.add(new vscode.EventEmitter<TunnelInfo>());
  const requestEnded = owned.add(new vscode.EventEmitter<RequestInfo>());
  const figuresChanged = (): void => {
    statusBar.refresh();
    tunnelsTree.refresh();
  };
  tunnel.changed.on((state) => {
    if (state.kind === 'off') health = { kind: 'unknown' };
    if (!isRunning(state)) warning = undefined;
    keys.onTunnel(state);
    notice.onState(state);
    absence.onState(state);
    figuresChanged();
    infoChanged.fire(tunnelInfo(state));
  });
  tunnel.warned.on((given) => {
    warning = given;
    figuresChanged();
  });
  tunnel.queueChanged.on((state) => {
    if (state !== undefined) absence.onQueue(state);
    keys.onQueue(state);
    tunnelsView.badge = queueBadge(state);
  });
  tunnel.missed.on((missed) => {
    absence.onMissed(missed);
  });
  absence.ended.on((news) => {
    log.info(awayText(news));
    awayNotice.onEnded(news);
  });
  queue.changed.on(figuresChanged);
  localProxy.changed.on((state) => {
    keys.onLocalProxy(state);
    tunnelsTree.refresh();
  });
  history.changed.on(() => {
    keys.onHistory(history.size);
  });
  history.ended.on((entry) => {
    today.add(entry);
    figuresChanged();
    const { key, method, target, status } = entry;
    requestEnded.fire({ key, method, target, status });
  });
  owned.add(
    requestsView.onDidChangeSelection(({ selection: [node] }) => {
      if (node?.kind === 'exchange') void requestView.show(node.key, false);
    }),
  );
  tunnelsTree.setVisible(tunnelsView.visible);
  owned.add(
    tunnelsView.onDidChangeVisibility(({ visible }) => {
      tunnelsTree.setVisible(visible);
    }),
  );
  requestsTree.setVisible(requestsView.visible);
  owned.add(
    requestsView.onDidChangeVisibility(({ visible }) => {
      requestsTree.setVisible(visible);
    }),
  );
  owned.add(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration(SECTION)) return;
      history.setLimits(limitsOf(settings));
      statusBar.refresh();
      void launcher.onSettingsChanged();
    }),
  );

  void history.load().then(() => {
    today = new Today();
    for (const entry of history.newest(Infinity)) today.add(entry);
    figuresChanged();
  });
  // Without a folder there is no telling which window comes back.
  const noteFolder = context.storageUri?.fsPath;
  const startByItself = (): void => void autoStart(noteFolder, settings, localProxy, launcher);
  if (vscode.workspace.isTrusted) startByItself();
  else owned.add(vscode.workspace.onDidGrantWorkspaceTrust(startByItself));

  close = async () => {
    if (noteFolder !== undefined) leaveNoteOf(noteFolder, tunnel, launcher, localProxy, echo);
    void history.flush();
    await endsWithin(launcher.stop(RESTART_GRACE_MS), CLOSE_MS.tunnel);
    history.closeSync();
    if (!(await endsWithin(localProxy.stop(), CLOSE_MS.localProxy))) localProxy.kill();
  };
  return {
    version: 1,
    get tunnel() {
      return tunnelInfo(tunnel.state);
    },
    onDidChangeTunnel: infoChanged.event,
    onDidEndRequest: requestEnded.event,
    startTunnel: async (options = {}) => {
      await launcher.start(options, 'ask');
      return tunnelInfo(tunnel.state);
    },
    stopTunnel: () => launcher.stop(),
  };
}

/** Says good-bye to the proxy and keeps what is not written yet. */
export async function deactivate(): Promise<void> {
  await close?.();
  close = undefined;
}

function limitsOf(settings: WorkspaceSettings): HistoryLimits {
  const { historyLimit, historyMaxBytes } = settings.read();
  return { entries: historyLimit, bytes: historyMaxBytes };
}

/** What the extension itself listens on is no service to lead a tunnel to. */
function hiddenPorts(localProxy: LocalProxy, echo: EchoTarget): number[] {
  const proxyPort = localProxy.state.kind === 'running' ? localProxy.state.port : undefined;
  return [proxyPort, echo.port].filter((port) => port !== undefined);
}
