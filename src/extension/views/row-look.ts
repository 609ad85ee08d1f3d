import type { Entry } from '../history/entry.ts';

/** How a row shows what became of its exchange: a codicon and a colour of the theme. */
export interface RowLook {
  readonly icon: string;
  readonly color?: string;
}

const RED = 'list.errorForeground';
const YELLOW = 'list.warningForeground';
const GREEN = 'charts.green';
const QUIET = 'disabledForeground';

export function rowLook(entry: Pick<Entry, 'outcome' | 'status'>): RowLook {
  const { outcome, status = 0 } = entry;
  switch (outcome.kind) {
    case 'open':
      return { icon: 'loading~spin' };
    case 'failed':
      return { icon: 'debug-disconnect', color: RED };
    case 'cancelled':
    case 'interrupted':
      return { icon: 'circle-slash', color: QUIET };
    case 'undelivered':
      return { icon: 'warning', color: YELLOW };
    case 'replied':
    case 'kept':
    case 'copied':
      if (status >= 500) return { icon: 'error', color: RED };
      if (status >= 400) return { icon: 'warning', color: YELLOW };
      if (status >= 300) return { icon: 'arrow-right', color: QUIET };
      return { icon: 'pass', color: GREEN };
  }
}
