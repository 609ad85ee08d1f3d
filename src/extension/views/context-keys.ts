import { commands } from 'vscode';
import type { QueueState } from '../../agent/index.ts';
import { CONTEXT, type ContextKey } from '../ids.ts';
import type { LocalProxyState } from '../proxy/local-proxy.ts';
import { isRunning, publicUrlOf, type TunnelState } from '../tunnel/state.ts';

/** Keeps the keys of `when` and `enablement` clauses; tells the editor what has changed only. */
export class ContextKeys {
  readonly #known = new Map<ContextKey, boolean>();

  onTunnel(state: TunnelState): void {
    this.#set(CONTEXT.running, isRunning(state));
    this.#set(CONTEXT.reachable, publicUrlOf(state) !== undefined);
    this.#set(CONTEXT.started, state.kind !== 'off');
  }

  onLocalProxy({ kind }: LocalProxyState): void {
    this.#set(CONTEXT.localProxy, kind === 'running' || kind === 'starting');
  }

  onHistory(size: number): void {
    this.#set(CONTEXT.hasRequests, size > 0);
  }

  onQueue(state: QueueState | undefined): void {
    this.#set(CONTEXT.queue, state !== undefined);
    this.#set(CONTEXT.queuePaused, state?.paused === true);
  }

  #set(key: ContextKey, value: boolean): void {
    if ((this.#known.get(key) ?? false) === value) return;
    this.#known.set(key, value);
    void commands.executeCommand('setContext', key, value);
  }
}
