/**
 * Lays valid JSON out in lines, two spaces a level. Works on the text: numbers, escapes, double
 * keys and their order stay as they were sent, which `JSON.parse` would not keep.
 */
export function layOutJson(text: string): string {
  const parts: string[] = [];
  let level = 0;
  let at = 0;
  const newLine = (): void => {
    parts.push('\n', '  '.repeat(Math.min(level, MAX_INDENT)));
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at);
      parts.push(text.slice(at, end));
      at = end;
      continue;
    }
    at++;
    if (' \t\r\n'.includes(character)) continue;
    switch (character) {
      case '{':
      case '[': {
        const next = skipSpace(text, at);
        if (text.charAt(next) === (character === '{' ? '}' : ']')) {
          parts.push(character, text.charAt(next));
          at = next + 1;
          break;
        }
        parts.push(character);
        level++;
        newLine();
        break;
      }
      case '}':
      case ']':
        level--;
        newLine();
        parts.push(character);
        break;
      case ',':
        parts.push(character);
        newLine();
        break;
      case ':':
        parts.push(': ');
        break;
      default:
        parts.push(character);
    }
  }
  return parts.join('');
}

/** Deeper levels are not indented further: hostile nesting would make the text quadratic. */
const MAX_INDENT = 40;

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at++;
    else if (character === '"') return at + 1;
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++;
  return at;
}
