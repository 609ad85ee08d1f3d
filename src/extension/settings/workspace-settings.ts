import * as vscode from 'vscode';
import type { Logger } from '../base/logger.ts';
import type { Answers } from '../tunnel/launcher.ts';
import { type EditorNetwork, readEditorNetwork } from './network.ts';
import { readSettings, type Settings } from './read.ts';
import { SECTION, SETTING, type SettingKey } from './schema.ts';

/** The settings of this window. */
export class WorkspaceSettings {
  readonly #log: Logger;
  #complained = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** What the settings say now. A value that cannot be used is logged once. */
  readonly read = (): Settings => {
    const configuration = vscode.workspace.getConfiguration(SECTION);
    const { settings, problems } = readSettings((key) => configuration.get<unknown>(key));
    const details = new Set(problems.map((problem) => problem.detail));
    for (const detail of details) {
      if (!this.#complained.has(detail)) this.#log.warn(`Setting ${detail}.`);
    }
    this.#complained = details;
    return settings;
  };

  /** What the editor's own settings say of the network. */
  readonly network = (): EditorNetwork => {
    const configuration = vscode.workspace.getConfiguration('http');
    return readEditorNetwork((key) => configuration.get<unknown>(key));
  };

  /**
   * Writes answers into the workspace's settings, or the user's where no folder is open. Resolves
   * with false where they would not count, since the folder is not trusted.
   */
  readonly save = async (answers: Answers): Promise<boolean> => {
    if (!vscode.workspace.isTrusted) return false;
    const inFolder = vscode.workspace.workspaceFolders !== undefined;
    const target = inFolder
      ? vscode.ConfigurationTarget.Workspace
      : vscode.ConfigurationTarget.Global;
    const configuration = vscode.workspace.getConfiguration(SECTION);
    const values: readonly (readonly [SettingKey, string | number | undefined])[] = [
      [SETTING.proxyUrl, answers.proxyUrl],
      [SETTING.code, answers.code],
      [SETTING.targetPort, answers.port],
    ];
    try {
      for (const [key, value] of values) {
        if (value !== undefined) await configuration.update(key, value, target);
      }
      return true;
    } catch (error) {
      this.#log.warn(`The answers could not be written into the settings: ${String(error)}`);
      return false;
    }
  };
}
