import type { Fields } from '../../shared/request-view.ts';

/** The value of the first field of that name, given in lower case; empty if there is none. */
export function fieldValue(fields: Fields, lowerName: string): string {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() === lowerName) return fields[at + 1] ?? '';
  }
  return '';
}

/** The essence of a Content-Type, without parameters, in lower case: `application/json`. */
export function essence(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/** Images that are shown as such. SVG is not among them: it is a document that can hold script. */
export function isShownImage(contentType: string): boolean {
  return /^image\/(?:png|jpeg|gif|webp)$/.test(essence(contentType));
}

/** Extensions by which the editor knows a language or a viewer. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'text/html': 'html',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/xml': 'xml',
  'text/markdown': 'md',
  'text/yaml': 'yaml',
  'text/javascript': 'js',
  'application/javascript': 'js',
  'application/xml': 'xml',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'application/graphql': 'graphql',
  'application/sql': 'sql',
  'application/json': 'json',
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'application/toml': 'toml',
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

/** The extension for a body of this type: `txt` for other text, `bin` for what is not known. */
export function extensionFor(contentType: string): string {
  const type = essence(contentType);
  const known = EXTENSIONS[type];
  if (known !== undefined) return known;
  if (type.endsWith('+json')) return 'json';
  if (type.endsWith('+xml')) return 'xml';
  if (type.startsWith('text/') || type === 'application/x-www-form-urlencoded') return 'txt';
  return 'bin';
}
