import * as vscode from 'vscode';
import type { Position } from '../tunnel/steps.ts';
import { showPosition } from './show-position.ts';

export interface TextQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value?: string;
  /** The part of `value` that is selected: from and to. */
  readonly selection?: readonly [number, number];
  readonly masked?: boolean;
  /** Undefined if the step stands alone. */
  readonly position?: Position;
  /** Says what is wrong with a value; undefined if nothing is. */
  readonly check: (value: string) => string | undefined;
  /** A further way to answer, as a button of the title bar. */
  readonly alternative?: { readonly icon: string; readonly tooltip: string };
}

export type TextAnswer =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'alternative' }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancel' };

/** Asks for one line of text. A wrong value is told once it was entered, and while it is mended. */
export function askText(question: TextQuestion): Promise<TextAnswer> {
  const input = vscode.window.createInputBox();
  input.title = question.title;
  input.prompt = question.prompt;
  input.placeholder = question.placeholder;
  input.password = question.masked === true;
  input.ignoreFocusOut = true;
  showPosition(input, question.position);
  input.value = question.value ?? '';
  if (question.selection !== undefined) input.valueSelection = question.selection;
  const alternative =
    question.alternative === undefined
      ? undefined
      : {
          iconPath: new vscode.ThemeIcon(question.alternative.icon),
          tooltip: question.alternative.tooltip,
        };
  input.buttons = [
    ...((question.position?.step ?? 1) > 1 ? [vscode.QuickInputButtons.Back] : []),
    ...(alternative === undefined ? [] : [alternative]),
  ];
  return new Promise((resolve) => {
    let entered = false;
    const end = (answer: TextAnswer): void => {
      resolve(answer);
      input.dispose();
    };
    input.onDidChangeValue((value) => {
      if (entered) input.validationMessage = question.check(value);
    });
    input.onDidAccept(() => {
      entered = true;
      input.validationMessage = question.check(input.value);
      if (input.validationMessage === undefined) end({ kind: 'value', value: input.value });
    });
    input.onDidTriggerButton((button) => {
      end({ kind: button === vscode.QuickInputButtons.Back ? 'back' : 'alternative' });
    });
    input.onDidHide(() => {
      end({ kind: 'cancel' });
    });
    input.show();
  });
}
