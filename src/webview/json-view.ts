import { h } from './dom.ts';
import type { JsonContainer, JsonEntry, JsonScalar, ParsedJson } from './json-parse.ts';
import { visible } from './visible.ts';

/** Levels that are open at first, as long as the whole stays short. */
const OPEN_LEVELS = 3;
const OPEN_NODES = 400;
/** More entries than this are not shown before they are asked for, but at the top. */
const OPEN_ENTRIES = 30;
/** Entries of one object or array that are shown at a time. */
const PAGE = 100;
/** A longer text is cut in view. */
const MAX_SCALAR = 5000;

/** JSON as a tree that folds; levels are built as they are opened. */
export function jsonView({ root, complete }: ParsedJson): HTMLElement {
  const budget = { left: OPEN_NODES };
  const view = h('div', { class: 'json' }, node({ key: undefined, value: root }, 0, budget));
  if (!complete) view.append(h('div', { class: 'faint' }, '…'));
  return view;
}

function node({ key, value }: JsonEntry, level: number, budget: { left: number }): HTMLElement {
  budget.left--;
  const name =
    key === undefined ? [] : [h('span', { class: 'json-key' }, visible(key)), h('span', {}, ': ')];
  if (!('entries' in value)) {
    return h('div', { class: 'json-leaf' }, ...name, scalar(value));
  }
  const [open, close] = value.type === 'object' ? ['{', '}'] : ['[', ']'];
  if (value.entries.length === 0) return h('div', { class: 'json-leaf' }, ...name, open + close);
  const details = h('details', { class: 'json-node' });
  const children = h('div', { class: 'json-children' });
  details.append(
    h(
      'summary',
      {},
      ...name,
      open,
      h('span', { class: 'json-count' }, countText(value)),
      h('span', { class: 'json-fold' }, close),
    ),
    children,
    h('div', { class: 'json-close' }, close),
  );
  const fill = (): void => {
    if (children.childElementCount === 0) fillPage(children, value.entries, 0, level + 1, budget);
  };
  const isShort = value.entries.length <= OPEN_ENTRIES && budget.left > value.entries.length;
  if (level === 0 || (level < OPEN_LEVELS && isShort)) {
    details.open = true;
    fill();
  }
  details.addEventListener('toggle', () => {
    if (details.open) fill();
  });
  return details;
}

function fillPage(
  parent: HTMLElement,
  entries: readonly JsonEntry[],
  from: number,
  level: number,
  budget: { left: number },
): void {
  const to = Math.min(entries.length, from + PAGE);
  for (const entry of entries.slice(from, to)) parent.append(node(entry, level, budget));
  if (to === entries.length) return;
  const rest = entries.length - to;
  const more = h(
    'button',
    {
      class: 'link',
      attributes: { type: 'button' },
      onClick: () => {
        more.remove();
        fillPage(parent, entries, to, level, budget);
      },
    },
    `Show ${Math.min(PAGE, rest)} more of ${rest}`,
  );
  parent.append(more);
}

function scalar(value: JsonScalar): HTMLElement {
  const text = visible(value.text);
  const shown =
    text.length > MAX_SCALAR ? `${text.slice(0, MAX_SCALAR)}… (${text.length} characters)` : text;
  return h('span', { class: `json-${value.type}` }, shown);
}

function countText({ type, entries }: JsonContainer): string {
  const noun = type === 'object' ? 'key' : 'item';
  return `${entries.length} ${noun}${entries.length === 1 ? '' : 's'}`;
}
