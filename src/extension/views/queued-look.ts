import type { QueueEntry } from '../../agent/index.ts';
import type { RowLook } from './row-look.ts';

/** How a row shows where a request of the queue stands. */
export function queuedLook({ state, attempts }: QueueEntry, isStale: boolean): RowLook {
  if (state === 'delivering') return { icon: 'loading~spin' };
  if (isStale) return { icon: 'warning', color: 'list.warningForeground' };
  if (state === 'dead') return { icon: 'error', color: 'list.errorForeground' };
  return { icon: attempts > 0 ? 'history' : 'circle-outline', color: 'disabledForeground' };
}
