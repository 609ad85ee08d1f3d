export { visibleBytes } from './escape.ts';
export { jsonView } from './json-view.ts';
export { styleFor } from './style.ts';
export { duration, textView } from './text-view.ts';
export type { View } from './view.ts';
