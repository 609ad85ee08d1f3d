export { visibleBytes } from './escape.ts';
export { duration } from './figures.ts';
export { jsonView } from './json-view.ts';
export { styleFor } from './style.ts';
export { textView } from './text-view.ts';
export type { View } from './view.ts';
