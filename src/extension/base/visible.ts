/** Characters that would hide, reorder or command: C0 and C1 controls, and those of direction. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Latin-1 text of the wire as a person should see it: UTF-8 where it is that, nothing invisible. */
export function visibleText(latin1: string): string {
  return decoded(latin1).replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    // The pictures of control characters begin at U+2400.
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}

function decoded(latin1: string): string {
  if (!/[^\u0000-\u007f]/.test(latin1)) return latin1;
  try {
    return UTF8.decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}
