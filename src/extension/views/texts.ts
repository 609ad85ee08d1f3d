import { l10n } from 'vscode';
import type { Outcome } from '../../shared/request-view.ts';
import type { ProxyUrlProblem } from '../settings/proxy-url.ts';
import { SECRET_LENGTH, type SecretProblem } from '../settings/secret.ts';
import { type Age, ageOf } from './age.ts';

/** `2 min ago`. */
export function ageText(at: number, now = Date.now()): string {
  const age: Age = ageOf(at, now);
  switch (age.unit) {
    case 'now':
      return l10n.t('now');
    case 'seconds':
      return l10n.t('{0} s ago', age.count);
    case 'minutes':
      return l10n.t('{0} min ago', age.count);
    case 'hours':
      return l10n.t('{0} h ago', age.count);
    case 'days':
      return age.count === 1 ? l10n.t('yesterday') : l10n.t('{0} days ago', age.count);
  }
}

/** What a row says in the place of a status; undefined if the status says it all. */
export function outcomeText(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'open':
      return l10n.t('waiting');
    case 'failed':
      return failureText(outcome.code);
    case 'cancelled':
      return cancelText(outcome.reason);
    case 'undelivered':
      return l10n.t('answer not delivered');
    case 'interrupted':
      return l10n.t('interrupted');
    case 'replied':
    case 'kept':
    case 'copied':
      return undefined;
  }
}

function failureText(code: string): string {
  switch (code) {
    case 'target_unreachable':
      return l10n.t('target unreachable');
    case 'target_broke_off':
      return l10n.t('target broke off');
    case 'target_timeout':
      return l10n.t('target too slow');
    default:
      return l10n.t('failed');
  }
}

function cancelText(reason: string): string {
  switch (reason) {
    case 'response_timeout':
      return l10n.t('too slow for the caller');
    case 'session_lost':
      return l10n.t('connection lost');
    default:
      return l10n.t('caller left');
  }
}

export function proxyUrlProblemText(problem: ProxyUrlProblem): string {
  switch (problem) {
    case 'empty':
      return l10n.t('Enter the address of a proxy.');
    case 'not_a_url':
      return l10n.t('This is not an address. Example: https://proxy.example.com');
    case 'not_http':
      return l10n.t('The address must begin with https:// or http://');
    case 'has_credentials':
      return l10n.t('Leave user name and password out: the secret is asked for next.');
    case 'has_query':
      return l10n.t('Leave out what follows the path: ? and #');
  }
}

export function secretProblemText(problem: SecretProblem): string {
  switch (problem) {
    case 'empty':
      return l10n.t('Enter the secret that the proxy was started with.');
    case 'short':
      return l10n.t('A secret has at least {0} characters.', SECRET_LENGTH.min);
    case 'long':
      return l10n.t('A secret has at most {0} characters.', SECRET_LENGTH.max);
    case 'not_ascii':
      return l10n.t('A secret has printable ASCII characters only: no accents, no tabs.');
  }
}
