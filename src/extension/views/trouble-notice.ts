import * as vscode from 'vscode';
import type { Trouble } from '../../agent/index.ts';
import { COMMAND, type CommandId } from '../ids.ts';
import type { TunnelState } from '../tunnel/state.ts';
import type { Questions } from './questions.ts';
import { troubleText } from './tunnel-texts.ts';

interface Choice {
  readonly title: string;
  readonly command: CommandId;
  readonly argument?: unknown;
}

/**
 * Asks the user what to do when a tunnel has stopped for a reason that only they can mend: once for
 * each time that happens, and one question at a time. All else is for the status bar and the log.
 */
export class TroubleNotice {
  readonly #questions: Questions;
  #open = false;
  #asked: Trouble | undefined;

  constructor(questions: Questions) {
    this.#questions = questions;
  }

  onState(state: TunnelState): void {
    if (state.kind !== 'trouble') {
      this.#asked = undefined;
      return;
    }
    if (state.trouble === this.#asked) return;
    this.#asked = state.trouble;
    const choices = choicesFor(state.trouble);
    if (choices.length > 0) void this.#ask(troubleText(state.trouble, state.plan), choices);
  }

  /** The settings lead to a proxy whose secret is not known. */
  onSecretMissing(proxyUrl: string): void {
    void this.#ask(vscode.l10n.t('The secret of {0} is not known.', proxyUrl), [
      setSecret(proxyUrl),
    ]);
  }

  async #ask(message: string, choices: readonly Choice[]): Promise<void> {
    if (this.#open) return;
    this.#open = true;
    try {
      const chosen = await this.#questions.askNow(() =>
        vscode.window.showErrorMessage(message, ...choices),
      );
      if (chosen !== undefined)
        await vscode.commands.executeCommand(chosen.command, chosen.argument);
    } finally {
      this.#open = false;
    }
  }
}

function choicesFor(trouble: Trouble): Choice[] {
  switch (trouble.code) {
    case 'secret_refused':
      return [setSecret()];
    case 'code_in_use':
      return [takeOver(vscode.l10n.t('Take It Over')), chooseCode()];
    case 'taken_over':
      return [takeOver(vscode.l10n.t('Take It Back')), chooseCode()];
    default:
      return [];
  }
}

function setSecret(proxyUrl?: string): Choice {
  const title = vscode.l10n.t('Set Secret…');
  return {
    title,
    command: COMMAND.setSecret,
    ...(proxyUrl === undefined ? {} : { argument: proxyUrl }),
  };
}

function takeOver(title: string): Choice {
  return { title, command: COMMAND.restartTunnel, argument: { takeover: true } };
}

function chooseCode(): Choice {
  return {
    title: vscode.l10n.t('Choose Another Code…'),
    command: COMMAND.openSettings,
    argument: 'caronte.code',
  };
}
