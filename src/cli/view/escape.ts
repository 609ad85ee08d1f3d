/**
 * What a terminal would act on instead of showing it: control characters of both kinds, line and
 * paragraph separators, marks that reverse the direction of text, and lone surrogates.
 */
const ACTIVE = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** Text from elsewhere as one harmless line of a terminal. */
export function visible(text: string): string {
  return text.replace(ACTIVE, (char) => `\\u${hex(char, 4)}`);
}

/** Bytes from elsewhere, as Latin-1 text, as printable ASCII. */
export function visibleBytes(latin1: string): string {
  return latin1.replace(/[^\x20-\x7e]/g, (char) => `\\x${hex(char, 2)}`);
}

/** JSON of a value on one line of printable text; whoever parses it gets the value unchanged. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(ACTIVE, (char) => `\\u${hex(char, 4)}`);
}

/** Cuts the middle out of ASCII text that is longer than `width` columns. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 3);
  return `${text.slice(0, Math.max(0, width - 1 - tail))}…${text.slice(text.length - tail)}`;
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, '0');
}
