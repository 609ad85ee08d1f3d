import { boundaryOf, type FormField, type FormPart, parseForm, parseMultipart } from './forms.ts';
import { type ParsedJson, parseJson } from './json-parse.ts';

/** What a body is, and what it says, by its type and its bytes. */
export type BodyKind =
  | { readonly kind: 'json'; readonly text: string; readonly json: ParsedJson }
  | { readonly kind: 'form'; readonly text: string; readonly fields: readonly FormField[] }
  | { readonly kind: 'multipart'; readonly parts: readonly FormPart[] }
  | { readonly kind: 'image'; readonly mediaType: string }
  | { readonly kind: 'text'; readonly text: string; readonly label: string }
  | { readonly kind: 'binary' };

/** Images that are shown, and how their files begin. SVG is text: it can hold script. */
const IMAGES: Readonly<Record<string, readonly (number | undefined)[]>> = {
  'image/png': [0x89, 0x50, 0x4e, 0x47],
  'image/jpeg': [0xff, 0xd8, 0xff],
  'image/gif': [0x47, 0x49, 0x46, 0x38],
  'image/webp': [0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45],
};

const LABELS: readonly (readonly [RegExp, string])[] = [
  [/^image\/svg\+xml$/, 'SVG'],
  [/[/+]xml$/, 'XML'],
  [/^text\/html$/, 'HTML'],
  [/^text\/css$/, 'CSS'],
  [/^text\/csv$/, 'CSV'],
  [/javascript$/, 'JavaScript'],
  [/yaml$/, 'YAML'],
  [/^text\/event-stream$/, 'Event stream'],
  [/ndjson$|jsonl$/, 'JSON lines'],
];

/**
 * Looks at a body. Its bytes decide where they can: a type that they contradict is not believed.
 * `cut` tells that they are only the beginning.
 */
export function bodyKind(bytes: Uint8Array, contentType: string, cut: boolean): BodyKind {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  const magic = IMAGES[type];
  if (magic !== undefined) {
    const real = magic.every((byte, at) => byte === undefined || bytes[at] === byte);
    return real && !cut
      ? { kind: 'image', mediaType: type }
      : asText(bytes, contentType, type, cut);
  }
  if (type.startsWith('multipart/')) {
    const boundary = boundaryOf(contentType);
    const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
    if (parts !== undefined && parts.length > 0) return { kind: 'multipart', parts };
  }
  return asText(bytes, contentType, type, cut);
}

function asText(bytes: Uint8Array, contentType: string, type: string, cut: boolean): BodyKind {
  const text = decodeText(bytes, contentType, cut);
  if (text === undefined) return { kind: 'binary' };
  if (type === 'application/x-www-form-urlencoded') {
    return { kind: 'form', text, fields: parseForm(text) };
  }
  // Many senders say text/plain, or nothing, for JSON.
  const mayBeJson = /[/+]json$/.test(type) || type === '' || type === 'text/plain';
  if (mayBeJson && (/json/.test(type) || /^\s*[[{]/.test(text))) {
    const json = parseJson(text);
    if (json !== undefined && (json.complete || cut)) return { kind: 'json', text, json };
  }
  return { kind: 'text', text, label: LABELS.find(([form]) => form.test(type))?.[1] ?? 'Text' };
}

/** The text that bytes are, in their charset or in UTF-8; undefined if they are not text. */
export function decodeText(
  bytes: Uint8Array,
  contentType: string,
  cut: boolean,
): string | undefined {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  const decoder = decoderFor(charset) ?? new TextDecoder('utf-8', { fatal: true });
  try {
    // As a stream, a character that the cut goes through is left out instead of being an error.
    const text = decoder.decode(bytes, { stream: cut });
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function decoderFor(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return undefined;
  }
}
