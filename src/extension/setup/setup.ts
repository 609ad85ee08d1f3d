import * as vscode from 'vscode';
import { isCode } from '../settings/code.ts';
import { readProxyUrl } from '../settings/proxy-url.ts';
import { readSecret } from '../settings/secret.ts';
import type { Secrets, SetupState } from '../tunnel/launcher.ts';
import { type Answer, runSteps, type Step } from '../tunnel/steps.ts';
import { proxyUrlProblemText, secretProblemText } from '../views/texts.ts';
import { askPort } from './ask-port.ts';
import { askText, type TextAnswer } from './ask-text.ts';

export interface SetupParts {
  readonly secrets: Secrets;
  readonly suggestCode: () => string;
  /** The generated secret of the local proxy, if it is what lives there. */
  readonly localSecret: (proxyUrl: string) => string | undefined;
  /** Ports that are no services of the user. */
  readonly hiddenPorts: () => readonly number[];
}

/** The questions before a start: one short sequence of what is not known yet. */
export function askSetup(parts: SetupParts, initial: SetupState): Promise<SetupState | undefined> {
  const steps: readonly Step<SetupState>[] = [
    {
      isNeeded: ({ draft, useLocalProxy }) => draft.proxyUrl === undefined && !useLocalProxy,
      ask: async (state, position, former) => {
        const answer = await askText({
          title: vscode.l10n.t('Start Tunnel: Proxy'),
          prompt: vscode.l10n.t('Address of your proxy, which callers can reach'),
          placeholder: 'https://proxy.example.com',
          value: former?.draft.proxyUrl ?? '',
          position,
          check: checkProxyUrl,
          alternative: {
            icon: 'server-process',
            tooltip: vscode.l10n.t('Use a Local Proxy (for Trying Out)'),
          },
        });
        if (answer.kind === 'alternative') {
          return { kind: 'answer', state: { ...state, useLocalProxy: true } };
        }
        return answered(answer, (value) => {
          const result = readProxyUrl(value);
          return result.ok ? { ...state, draft: { ...state.draft, proxyUrl: result.url } } : state;
        });
      },
    },
    {
      isNeeded: async ({ draft, useLocalProxy, secret }) => {
        if (useLocalProxy || secret !== undefined) return false;
        if (draft.proxyUrl === undefined) return true;
        if (parts.localSecret(draft.proxyUrl) !== undefined) return false;
        return (await parts.secrets.get(draft.proxyUrl)) === undefined;
      },
      ask: async (state, position) => {
        const answer = await askSecret(state.draft.proxyUrl ?? '', {
          title: vscode.l10n.t('Start Tunnel: Secret'),
          position,
        });
        return answered(answer, (secret) => ({ ...state, secret }));
      },
    },
    {
      isNeeded: ({ draft }) => draft.code === undefined,
      ask: async (state, position, former) => {
        const value = former?.draft.code ?? parts.suggestCode();
        const answer = await askText({
          title: vscode.l10n.t('Start Tunnel: Code'),
          prompt: vscode.l10n.t('The name in the public address: …/forward/<code>'),
          value,
          position,
          check: checkCode,
        });
        return answered(answer, (code) => ({
          ...state,
          draft: { ...state.draft, code: code.trim() },
        }));
      },
    },
    {
      isNeeded: ({ draft, useEcho }) =>
        draft.port === undefined && draft.socket === undefined && !useEcho,
      ask: async (state, position, former) => {
        const answer = await askPort(position, state.draft.host, {
          former: former?.draft.port,
          echoFirst: state.useLocalProxy,
          hidden: parts.hiddenPorts(),
        });
        switch (answer.kind) {
          case 'port':
            return {
              kind: 'answer',
              state: { ...state, draft: { ...state.draft, port: answer.port } },
            };
          case 'echo':
            return { kind: 'answer', state: { ...state, useEcho: true } };
          case 'back':
          case 'cancel':
            return answer;
        }
      },
    },
  ];
  return runSteps(steps, initial);
}

/** Asks for a proxy's secret, masked. What it resolves with has no blanks around it. */
export async function askSecret(
  proxyUrl: string,
  options: { readonly title: string; readonly position?: { step: number; totalSteps: number } },
): Promise<TextAnswer> {
  const answer = await askText({
    ...options,
    prompt: vscode.l10n.t('Secret of {0}; kept in the secret storage', proxyUrl),
    masked: true,
    check: checkSecret,
  });
  const result = answer.kind === 'value' ? readSecret(answer.value) : undefined;
  return result?.ok === true ? { kind: 'value', value: result.secret } : answer;
}

/** Asks for a proxy's address alone. */
export async function askProxyUrl(title: string): Promise<string | undefined> {
  const answer = await askText({
    title,
    prompt: vscode.l10n.t('Address of the proxy'),
    placeholder: 'https://proxy.example.com',
    check: checkProxyUrl,
  });
  if (answer.kind !== 'value') return undefined;
  const result = readProxyUrl(answer.value);
  return result.ok ? result.url : undefined;
}

function answered(answer: TextAnswer, apply: (value: string) => SetupState): Answer<SetupState> {
  if (answer.kind === 'value') return { kind: 'answer', state: apply(answer.value) };
  return { kind: answer.kind === 'back' ? 'back' : 'cancel' };
}

function checkProxyUrl(value: string): string | undefined {
  const result = readProxyUrl(value);
  return result.ok ? undefined : proxyUrlProblemText(result.problem);
}

function checkCode(value: string): string | undefined {
  return isCode(value.trim())
    ? undefined
    : vscode.l10n.t('1 to 63 letters, digits, “-” or “_”; a letter or digit at both ends.');
}

function checkSecret(value: string): string | undefined {
  const result = readSecret(value);
  return result.ok ? undefined : secretProblemText(result.problem);
}
