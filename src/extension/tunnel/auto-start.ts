import type { LocalProxy } from '../proxy/local-proxy.ts';
import type { Settings } from '../settings/read.ts';
import type { EchoTarget } from './echo-target.ts';
import type { Launcher } from './launcher.ts';
import { leaveNote, takeNote } from './resume.ts';
import { isRunning, planOf } from './state.ts';
import type { Tunnel } from './tunnel.ts';

/**
 * Starts the tunnel without being asked, in a trusted folder: as it was if the window was only
 * reloaded, else if the settings want it. Asks nothing: what is not known keeps it off.
 */
export async function autoStart(
  folder: string | undefined,
  settings: { readonly read: () => Settings },
  localProxy: LocalProxy,
  launcher: Launcher,
): Promise<void> {
  const note = folder === undefined ? undefined : takeNote(folder, Date.now());
  if (note !== undefined) {
    if (note.localProxyPort !== undefined) await localProxy.start(note.localProxyPort);
    await launcher.start(note.options, 'quiet');
  } else if (settings.read().autoStart) {
    await launcher.start({}, 'quiet');
  }
}

/** Leaves word of a running tunnel for the window that may come back in a moment. */
export function leaveNoteOf(
  folder: string,
  tunnel: Tunnel,
  launcher: Launcher,
  localProxy: LocalProxy,
  echo: EchoTarget,
): void {
  const proxyUrl = planOf(tunnel.state)?.proxyUrl;
  // The echo service ends with the window, and a target with nobody behind it is none.
  if (!isRunning(tunnel.state) || proxyUrl === undefined || echo.port !== undefined) return;
  const proxy = localProxy.state;
  const isLocal = proxy.kind === 'running' && proxy.url === proxyUrl;
  const note = {
    options: { ...launcher.overrides, takeover: false },
    ...(isLocal ? { localProxyPort: proxy.port } : {}),
  };
  try {
    leaveNote(folder, note, Date.now());
  } catch {
    // A full disk: the tunnel stays off after the reload, which the status bar shows.
  }
}
