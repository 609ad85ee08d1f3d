import { visibleText } from '../base/visible.ts';

/** What a tab says of a request: `POST stripe`, from method and path. */
export function fileName(method: string, target: string): string {
  const path = visibleText(target).split('?', 1)[0] ?? '';
  const last = path.split('/').filter(Boolean).at(-1) ?? 'root';
  return `${method} ${last}`.replace(/[^\p{L}\p{N}._ -]/gu, '_').slice(0, 60);
}
