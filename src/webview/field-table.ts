import type { Fields } from '../shared/request-view.ts';
import { h } from './dom.ts';
import { visibleLatin1 } from './visible.ts';

/** Names and values, one below the other where there is no room beside. */
export function fieldTable(pairs: readonly (readonly [string, string])[]): HTMLElement {
  return h(
    'dl',
    { class: 'fields' },
    ...pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

/** Header fields, in their order and case. */
export function headerTable(fields: Fields): HTMLElement {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    pairs.push([visibleLatin1(fields[at] ?? ''), visibleLatin1(fields[at + 1] ?? '')]);
  }
  return fieldTable(pairs);
}
