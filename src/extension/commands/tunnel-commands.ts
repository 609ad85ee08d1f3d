import * as vscode from 'vscode';
import type { TunnelInfo } from '../api.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import { COMMAND, HOSTING_GUIDE, VIEW } from '../ids.ts';
import type { LocalProxy } from '../proxy/local-proxy.ts';
import type { TunnelQueue } from '../queue/tunnel-queue.ts';
import { readProxyUrl } from '../settings/proxy-url.ts';
import type { Settings } from '../settings/read.ts';
import { SECTION } from '../settings/schema.ts';
import { askProxyUrl, askSecret } from '../setup/setup.ts';
import { tunnelInfo } from '../tunnel/info.ts';
import type { Launcher, Secrets } from '../tunnel/launcher.ts';
import { readStartOptions } from '../tunnel/plan.ts';
import { planOf, publicUrlOf } from '../tunnel/state.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import { hint } from '../views/hint.ts';
import { showActionMenu } from './action-menu.ts';
import type { CommandHandlers } from './register.ts';
import { sampleRequest } from './sample.ts';

export interface TunnelCommandParts {
  readonly tunnel: Tunnel;
  readonly launcher: Launcher;
  readonly localProxy: LocalProxy;
  readonly secrets: Secrets;
  readonly readSettings: () => Settings;
  readonly log: Logger;
  readonly showLog: () => void;
  readonly hasRequests: () => boolean;
  readonly queue: Pick<TunnelQueue, 'state'>;
  readonly extensionUri: vscode.Uri;
  readonly extensionId: string;
}

type TunnelCommands = Pick<
  CommandHandlers,
  | 'caronte.startTunnel'
  | 'caronte.stopTunnel'
  | 'caronte.restartTunnel'
  | 'caronte.copyPublicUrl'
  | 'caronte.setSecret'
  | 'caronte.showLog'
  | 'caronte.startLocalProxy'
  | 'caronte.stopLocalProxy'
  | 'caronte.sendSample'
  | 'caronte.tryLocally'
  | 'caronte.showRequests'
  | 'caronte.openSettings'
  | 'caronte.openHostingGuide'
  | 'caronte.showActions'
>;

/** A sample is answered within this, in milliseconds, or taken for lost. */
const SAMPLE_MS = 30_000;

export function tunnelCommands(parts: TunnelCommandParts): TunnelCommands {
  const { tunnel, launcher, localProxy } = parts;
  const info = (): TunnelInfo => tunnelInfo(tunnel.state);
  return {
    [COMMAND.startTunnel]: async (argument) => {
      await launcher.start(readStartOptions(argument), 'ask');
      return info();
    },
    [COMMAND.stopTunnel]: () => launcher.stop(),
    [COMMAND.restartTunnel]: async (argument) => {
      await launcher.restart(readStartOptions(argument).takeover);
      return info();
    },
    [COMMAND.copyPublicUrl]: () => copyPublicUrl(tunnel),
    [COMMAND.setSecret]: (argument) => setSecret(parts, argument),
    [COMMAND.showLog]: parts.showLog,
    [COMMAND.startLocalProxy]: async () => {
      const state = await localProxy.start();
      if (state.kind !== 'running') {
        hint(vscode.l10n.t('$(error) The local proxy did not start; see the log'));
        return undefined;
      }
      return state.url;
    },
    [COMMAND.stopLocalProxy]: async () => {
      const { state } = localProxy;
      const leadsThere = state.kind === 'running' && planOf(tunnel.state)?.proxyUrl === state.url;
      if (leadsThere) await launcher.stop(0);
      await localProxy.stop();
    },
    [COMMAND.sendSample]: () => sendSample(parts),
    [COMMAND.tryLocally]: async () => {
      const state = await launcher.start({}, 'try');
      if (state?.kind === 'live') {
        await vscode.commands.executeCommand(`${VIEW.requests}.focus`, { preserveFocus: true });
        await sendSample(parts);
      }
      return info();
    },
    [COMMAND.showRequests]: () => vscode.commands.executeCommand(`${VIEW.requests}.focus`),
    [COMMAND.openSettings]: (argument) =>
      vscode.commands.executeCommand(
        'workbench.action.openSettings',
        typeof argument === 'string' && argument.startsWith(SECTION)
          ? argument
          : `@ext:${parts.extensionId}`,
      ),
    [COMMAND.openHostingGuide]: () =>
      vscode.commands.executeCommand(
        'markdown.showPreview',
        vscode.Uri.joinPath(parts.extensionUri, HOSTING_GUIDE),
      ),
    [COMMAND.showActions]: () =>
      showActionMenu(tunnel.state, parts.queue.state, parts.hasRequests()),
  };
}

async function copyPublicUrl(tunnel: Tunnel): Promise<string | undefined> {
  const url = publicUrlOf(tunnel.state);
  if (url === undefined) {
    hint(vscode.l10n.t('No tunnel is up: there is no public URL yet'));
    return undefined;
  }
  await vscode.env.clipboard.writeText(url);
  hint(vscode.l10n.t('$(check) Public URL copied'));
  return url;
}

/** Resolves with whether a secret was stored. */
async function setSecret(parts: TunnelCommandParts, argument: unknown): Promise<boolean> {
  const { tunnel, launcher, secrets, localProxy } = parts;
  const title = vscode.l10n.t('Set Secret');
  const named = typeof argument === 'string' ? readProxyUrl(argument) : undefined;
  const running = localProxy.state.kind === 'running' ? localProxy.state.url : undefined;
  const planned = planOf(tunnel.state)?.proxyUrl;
  const proxyUrl =
    (named?.ok === true ? named.url : undefined) ??
    (planned === running ? undefined : planned) ??
    parts.readSettings().proxyUrl ??
    (await askProxyUrl(title));
  if (proxyUrl === undefined) return false;
  const answer = await askSecret(proxyUrl, { title });
  if (answer.kind !== 'value') return false;
  await secrets.set(proxyUrl, answer.value);
  hint(vscode.l10n.t('$(check) Secret stored'));
  if (tunnel.state.kind === 'off') return true;
  if (planned === proxyUrl) await launcher.restart();
  else await launcher.onSettingsChanged();
  return true;
}

/** Sends a sample event to the public address, as an outside caller would. */
async function sendSample(parts: TunnelCommandParts): Promise<number | undefined> {
  const url = publicUrlOf(parts.tunnel.state);
  if (url === undefined) {
    hint(vscode.l10n.t('No tunnel is up: there is nowhere to send a sample to'));
    return undefined;
  }
  const { url: address, ...init } = sampleRequest(url);
  try {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(SAMPLE_MS) });
    await response.arrayBuffer();
    parts.log.info(`Sample request to ${address}: ${response.status}`);
    return response.status;
  } catch (error) {
    const detail = error instanceof Error && error.cause !== undefined ? error.cause : error;
    parts.log.warn(`Sample request to ${address}: ${errorText(detail)}`);
    hint(vscode.l10n.t('$(warning) The public URL cannot be reached from here; see the log'));
    return undefined;
  }
}
