/** Characters that would hide, reorder or command: controls but for line ends and tabs, and those of direction. */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text as it is, with what cannot be seen made visible: `\u001b` becomes its picture. */
export function visible(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    // The pictures of control characters begin at U+2400.
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return '\u2421';
    return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`;
  });
}

/** Latin-1 text of the wire for people: decoded as UTF-8 where it is that. */
export function visibleLatin1(latin1: string): string {
  if (!/[^\u0000-\u007f]/.test(latin1)) return visible(latin1);
  try {
    return visible(UTF8.decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0))));
  } catch {
    return visible(latin1);
  }
}
