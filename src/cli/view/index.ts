export { shorten, visible, visibleBytes, visibleJson } from './escape.ts';
export { age, duration, size } from './figures.ts';
export { isoOrNull, jsonView } from './json-view.ts';
export { pathOf } from './path.ts';
export { type Moment, waitingLine } from './queue-lines.ts';
export { type Style, styleFor } from './style.ts';
export { textView } from './text-view.ts';
export type { View } from './view.ts';
