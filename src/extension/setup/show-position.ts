import type { QuickInput } from 'vscode';
import type { Position } from '../tunnel/steps.ts';

/** Says in the title which question of how many this is; a single one is not counted. */
export function showPosition(input: QuickInput, position: Position | undefined): void {
  if (position === undefined || position.totalSteps === 1) return;
  input.step = position.step;
  input.totalSteps = position.totalSteps;
}
