import { l10n } from 'vscode';
import type { Trouble } from '../../agent/index.ts';
import type { TodayFigures } from '../history/today.ts';
import type { TunnelPlan } from '../tunnel/plan.ts';
import type { TunnelState } from '../tunnel/state.ts';
import type { TargetHealth } from '../tunnel/target-health.ts';
import { durationText } from '../../shared/figures.ts';

/** A tunnel's state in a few words. */
export function statusText(state: TunnelState): string {
  switch (state.kind) {
    case 'off':
      return l10n.t('off');
    case 'connecting':
      return l10n.t('connecting');
    case 'live':
      return l10n.t('live');
    case 'retrying':
      return l10n.t('reconnecting');
    case 'stopping':
      return l10n.t('stopping');
    case 'trouble':
      return l10n.t('stopped');
  }
}

/** How the target did when it was last called. */
export function healthText(health: TargetHealth): string {
  switch (health.kind) {
    case 'unknown':
      return l10n.t('not called yet');
    case 'answers':
      return l10n.t('answered {0}', health.status);
    case 'fails':
      return l10n.t('does not answer');
  }
}

/** `12 requests · median 34 ms`. */
export function figuresText({ count, medianMs }: TodayFigures): string {
  const requests = count === 1 ? l10n.t('1 request') : l10n.t('{0} requests', count);
  if (medianMs === undefined) return requests;
  return `${requests} · ${l10n.t('median {0}', durationText(medianMs))}`;
}

/** A trouble in one short sentence where the user must act; in the engine's own words else. */
export function troubleText(trouble: Trouble, plan: TunnelPlan): string {
  switch (trouble.code) {
    case 'secret_refused':
      return l10n.t('{0} refuses the secret.', plan.proxyUrl);
    case 'code_in_use':
      return l10n.t('Another agent serves the code “{0}”.', plan.code);
    case 'taken_over':
      return l10n.t('Another agent has taken over the code “{0}”.', plan.code);
    default:
      return trouble.message.charAt(0).toUpperCase() + trouble.message.slice(1);
  }
}
