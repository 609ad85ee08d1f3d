import * as vscode from 'vscode';
import { COMMAND } from '../ids.ts';
import type { AwayNews } from '../queue/absence.ts';
import { type AwayChoice, awayChoices, lostCount } from '../queue/away-choices.ts';
import { SECTION, SETTING } from '../settings/schema.ts';
import type { Questions } from './questions.ts';
import { awayText } from './queue-texts.ts';

/**
 * Tells a person who comes back what has arrived meanwhile, and asks what is to become of it: once for
 * each absence. While one such question is open, further news are for the views alone.
 */
export class AwayNotice {
  readonly #questions: Questions;
  #isOpen = false;

  constructor(questions: Questions) {
    this.#questions = questions;
  }

  onEnded(news: AwayNews): void {
    if (!this.#isOpen) void this.#ask(news);
  }

  async #ask(news: AwayNews): Promise<void> {
    this.#isOpen = true;
    try {
      const items = awayChoices(news).map((choice) => ({ choice, title: titleOf(choice) }));
      const text = awayText(news);
      const chosen = await this.#questions.ask(() =>
        lostCount(news) > 0
          ? vscode.window.showWarningMessage(text, ...items)
          : vscode.window.showInformationMessage(text, ...items),
      );
      if (chosen !== undefined) await act(chosen.choice);
    } finally {
      this.#isOpen = false;
    }
  }
}

function titleOf(choice: AwayChoice): string {
  switch (choice) {
    case 'deliver':
      return vscode.l10n.t('Deliver');
    case 'review':
      return vscode.l10n.t('Review');
    case 'discard':
      return vscode.l10n.t('Discard…');
    case 'showRequests':
      return vscode.l10n.t('Show Requests');
    case 'keepRequests':
      return vscode.l10n.t('Keep Them from Now On…');
  }
}

async function act(choice: AwayChoice): Promise<void> {
  switch (choice) {
    case 'deliver':
      await vscode.commands.executeCommand(COMMAND.deliverAllQueued, 'waiting');
      break;
    case 'review':
      await vscode.commands.executeCommand(COMMAND.reviewQueue);
      break;
    case 'discard':
      await vscode.commands.executeCommand(COMMAND.discardAllQueued, 'waiting');
      break;
    case 'showRequests':
      await vscode.commands.executeCommand(COMMAND.showRequests);
      break;
    case 'keepRequests':
      await vscode.commands.executeCommand(
        COMMAND.openSettings,
        `${SECTION}.${SETTING.whenOffline}`,
      );
  }
}
