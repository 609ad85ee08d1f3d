export interface JsonContainer {
  readonly type: 'object' | 'array';
  readonly entries: JsonEntry[];
}

export interface JsonScalar {
  readonly type: 'string' | 'number' | 'literal';
  /** Exactly as it is written. */
  readonly text: string;
}

export type JsonNode = JsonContainer | JsonScalar;

export interface JsonEntry {
  /** With its quotes; undefined in an array. */
  readonly key: string | undefined;
  readonly value: JsonNode;
}

export interface ParsedJson {
  readonly root: JsonNode;
  /** False if the text ends before the value does: a body that was cut. */
  readonly complete: boolean;
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

type Want = 'value' | 'key' | 'more' | 'end';

/**
 * Reads JSON without changing it: long numbers, double keys and the order of keys stay, unlike with
 * `JSON.parse`. Does not recurse, so that no nesting is too deep. Undefined if it is not JSON; a text
 * that only ends too early gives what is there.
 */
export function parseJson(text: string): ParsedJson | undefined {
  const stack: JsonContainer[] = [];
  let root: JsonNode | undefined;
  let at = 0;
  let key: string | undefined;
  /** What may come next. */
  let want = 'value' as Want;
  /** Whether an empty container may close here. */
  let fresh = false;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const put = (node: JsonNode): void => {
    const parent = stack.at(-1);
    if (parent === undefined) root = node;
    else parent.entries.push({ key, value: node });
    key = undefined;
    if ('entries' in node) {
      stack.push(node);
      want = node.type === 'object' ? 'key' : 'value';
      fresh = true;
    } else {
      settle();
    }
  };
  const settle = (): void => {
    want = stack.length === 0 ? 'end' : 'more';
    fresh = false;
  };

  for (;;) {
    match(SPACE);
    if (at >= text.length) break;
    const character = text.charAt(at);
    const open = stack.at(-1);
    const closes = open !== undefined && character === (open.type === 'object' ? '}' : ']');
    if (closes && (want === 'more' || fresh)) {
      at++;
      stack.pop();
      settle();
    } else if (want === 'more' && character === ',') {
      at++;
      want = open?.type === 'object' ? 'key' : 'value';
      fresh = false;
    } else if (want === 'key') {
      const found = match(STRING);
      if (found === undefined) return cutOr(isCutString(text, at));
      match(SPACE);
      if (at >= text.length) break;
      if (text.charAt(at) !== ':') return undefined;
      at++;
      key = found;
      want = 'value';
      fresh = false;
    } else if (want === 'value') {
      if (character === '{') put({ type: 'object', entries: [] });
      else if (character === '[') put({ type: 'array', entries: [] });
      else {
        const node = scalar(match);
        if (node === undefined) return cutOr(isCutString(text, at) || isCutWord(text, at));
        put(node);
        continue;
      }
      at++;
    } else {
      // What is left of a number that was cut after its dot or exponent.
      return cutOr(/^[.eE][eE+-]{0,2}$/.test(text.slice(at, at + 4)));
    }
  }
  return root === undefined ? undefined : { root, complete: want === 'end' };

  function cutOr(cut: boolean): ParsedJson | undefined {
    return cut && root !== undefined ? { root, complete: false } : undefined;
  }
}

function scalar(match: (pattern: RegExp) => string | undefined): JsonScalar | undefined {
  const string = match(STRING);
  if (string !== undefined) return { type: 'string', text: string };
  const number = match(NUMBER);
  if (number !== undefined) return { type: 'number', text: number };
  const literal = match(LITERAL);
  return literal === undefined ? undefined : { type: 'literal', text: literal };
}

/** Whether a string begins here and the text ends before it does. */
function isCutString(text: string, at: number): boolean {
  return text.charAt(at) === '"' && !/[^\\](?:\\\\)*"/.test(text.slice(at));
}

function isCutWord(text: string, at: number): boolean {
  const rest = text.slice(at, at + 6);
  return (
    at + rest.length >= text.length &&
    ['true', 'false', 'null', '-'].some((w) => w.startsWith(rest))
  );
}
