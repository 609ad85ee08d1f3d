import type { ViewBadge } from 'vscode';
import type { QueueState } from '../../agent/index.ts';
import { queueText } from './queue-texts.ts';

/** The number on the view's icon: requests that go no further without a person. */
export function queueBadge(state: QueueState | undefined): ViewBadge | undefined {
  if (state === undefined) return undefined;
  const value = state.dead + (state.paused ? state.waiting : 0);
  return value === 0 ? undefined : { value, tooltip: queueText(state) };
}
