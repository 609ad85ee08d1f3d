import type { TunnelInfo } from '../api.ts';
import { targetOrigin } from '../settings/target.ts';
import type { TunnelState } from './state.ts';

/** A tunnel's state as other extensions see it. */
export function tunnelInfo(state: TunnelState): TunnelInfo {
  if (state.kind === 'off') return { state: 'off' };
  return {
    state: state.kind,
    code: state.plan.code,
    target: targetOrigin(state.plan.target),
    ...(state.kind === 'live' ? { publicUrl: state.publicUrl } : {}),
    ...(state.kind === 'trouble' || state.kind === 'retrying'
      ? { trouble: state.trouble.code }
      : {}),
  };
}
