import { h } from './dom.ts';

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly panel: HTMLElement;
}

/**
 * Tabs after the ARIA pattern: one tab stop, arrows, Home and End move between tabs, and a panel
 * shows as soon as its tab has the focus.
 */
export function tabList<Id extends string>(
  label: string,
  tabs: readonly Tab<Id>[],
  selected: Id,
  onSelect: (id: Id) => void,
): HTMLElement {
  const buttons = tabs.map(({ id, label: text }) =>
    h(
      'button',
      {
        class: 'tab',
        id: `tab-${id}`,
        role: 'tab',
        attributes: { type: 'button', 'aria-controls': `panel-${id}` },
        onClick: () => {
          select(id);
        },
      },
      text,
    ),
  );
  for (const { id, panel } of tabs) {
    panel.id = `panel-${id}`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', `tab-${id}`);
  }
  const list = h(
    'div',
    { class: 'tabs', role: 'tablist', attributes: { 'aria-label': label } },
    ...buttons,
  );
  list.addEventListener('keydown', (event) => {
    const at = buttons.findIndex((button) => button === document.activeElement);
    const to = target(event.key, at, buttons.length);
    const tab = to === undefined ? undefined : tabs[to];
    if (at < 0 || to === undefined || tab === undefined) return;
    event.preventDefault();
    select(tab.id);
    buttons[to]?.focus();
  });
  mark(selected);
  return list;

  function select(id: Id): void {
    mark(id);
    onSelect(id);
  }

  function mark(id: Id): void {
    for (const [at, tab] of tabs.entries()) {
      const isSelected = tab.id === id;
      buttons[at]?.setAttribute('aria-selected', String(isSelected));
      buttons[at]?.setAttribute('tabindex', isSelected ? '0' : '-1');
      tab.panel.hidden = !isSelected;
    }
  }
}

/** Where a key leads to from the tab at `at`; undefined if it leads nowhere. */
export function target(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
