import * as vscode from 'vscode';

const SHOWN_MS = 4_000;

/** Says in passing that something was done, or why not, where it does not interrupt. */
export function hint(text: string): void {
  vscode.window.setStatusBarMessage(text, SHOWN_MS);
}
