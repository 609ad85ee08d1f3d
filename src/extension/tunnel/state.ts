import type { ConnectionState, Trouble } from '../../agent/index.ts';
import type { TunnelPlan } from './plan.ts';

/** Where this window's tunnel stands. Replaced whole at each change. */
export type TunnelState =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'connecting';
      readonly plan: TunnelPlan;
      /** The address of before, if the tunnel was live. */
      readonly publicUrl: string | undefined;
    }
  | {
      readonly kind: 'live';
      readonly plan: TunnelPlan;
      /** Milliseconds since 1970. */
      readonly since: number;
      readonly publicUrl: string;
    }
  | {
      readonly kind: 'retrying';
      readonly plan: TunnelPlan;
      /** When the next try begins, in milliseconds since 1970. */
      readonly until: number;
      readonly trouble: Trouble;
      readonly publicUrl: string | undefined;
    }
  /** No new work is taken; exchanges in hand may end. */
  | { readonly kind: 'stopping'; readonly plan: TunnelPlan }
  /** It does not go on by itself: the user must act. */
  | { readonly kind: 'trouble'; readonly plan: TunnelPlan; readonly trouble: Trouble };

/** Moves a tunnel's state by what its engine says. */
export function nextState(
  before: TunnelState,
  plan: TunnelPlan,
  connection: ConnectionState,
): TunnelState {
  const publicUrl = publicUrlOf(before);
  switch (connection.kind) {
    case 'idle':
      return before;
    case 'connecting':
      return { kind: 'connecting', plan, publicUrl };
    case 'live':
      return { kind: 'live', plan, since: connection.since, publicUrl: connection.publicUrls[0] };
    case 'retrying': {
      const { until, trouble } = connection;
      return { kind: 'retrying', plan, until, trouble, publicUrl };
    }
    case 'stopped':
      return connection.trouble === undefined
        ? { kind: 'off' }
        : { kind: 'trouble', plan, trouble: connection.trouble };
  }
}

/** The address for callers, as long as the tunnel is up or about to be again. */
export function publicUrlOf(state: TunnelState): string | undefined {
  switch (state.kind) {
    case 'live':
    case 'connecting':
    case 'retrying':
      return state.publicUrl;
    case 'off':
    case 'stopping':
    case 'trouble':
      return undefined;
  }
}

export function planOf(state: TunnelState): TunnelPlan | undefined {
  return state.kind === 'off' ? undefined : state.plan;
}

/** Whether an engine is at work. */
export function isRunning(state: TunnelState): boolean {
  return state.kind === 'connecting' || state.kind === 'live' || state.kind === 'retrying';
}
