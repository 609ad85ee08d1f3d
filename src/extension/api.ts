import type { Event } from 'vscode';
import type { StartOptions } from './tunnel/plan.ts';

/** How this window's tunnel stands, for other extensions. */
export interface TunnelInfo {
  readonly state: 'off' | 'connecting' | 'live' | 'retrying' | 'stopping' | 'trouble';
  readonly code?: string;
  /** Where callers reach it, while it is live. */
  readonly publicUrl?: string;
  /** The origin of the local service. */
  readonly target?: string;
  /** The stable code of what keeps it from working. */
  readonly trouble?: string;
}

/** An exchange that has ended. */
export interface RequestInfo {
  /** Commands about a request take it. */
  readonly key: string;
  readonly method: string;
  /** Path and query below the code, as they came. */
  readonly target: string;
  /** The local service's status; undefined if it gave no answer. */
  readonly status: number | undefined;
}

/** What the extension's `activate` returns. Members may be added; none changes its meaning. */
export interface CaronteApi {
  readonly version: 1;
  readonly tunnel: TunnelInfo;
  readonly onDidChangeTunnel: Event<TunnelInfo>;
  readonly onDidEndRequest: Event<RequestInfo>;
  /** Starts the tunnel; asks the user for what neither options nor settings say. */
  startTunnel(options?: StartOptions): Promise<TunnelInfo>;
  stopTunnel(): Promise<void>;
}
