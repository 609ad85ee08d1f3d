import { nearest } from './nearest.ts';
import { type FileText, show } from './sources.ts';

/** What a configuration file holds: option names with values that are not checked yet. */
export interface FileValues {
  readonly path: string | undefined;
  readonly values: ReadonlyMap<string, unknown>;
}

/**
 * Reads a configuration file: a JSON object whose keys are the names of options. An unknown key is
 * a problem, never ignored: a misspelt limit would silently be its default.
 */
export function readFileValues(
  path: string | undefined,
  read: (path: string) => FileText,
  names: readonly string[],
  problems: string[],
): FileValues {
  const values = new Map<string, unknown>();
  if (path === undefined) return { path, values };
  const file = read(path);
  const parsed = file.ok ? parseObject(file.text) : file.problem;
  if (typeof parsed === 'string') {
    problems.push(`${path}: ${parsed}`);
    return { path, values };
  }
  for (const [key, value] of Object.entries(parsed)) {
    if (names.includes(key)) {
      values.set(key, value);
      continue;
    }
    const meant = nearest(key, names);
    const question =
      meant === undefined ? 'see --help for those that are' : `"${meant}" was meant?`;
    problems.push(`${path}: ${show(key)} is not an option; ${question}`);
  }
  return { path, values };
}

/** The members of a JSON object, or what is wrong with the text. */
function parseObject(text: string): object | string {
  const json = text.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    // The engine's message may quote the text, which may hold a secret; only the place is of use.
    const position = /at position (\d+)/.exec(String(error))?.[1];
    return position === undefined
      ? 'is not valid JSON'
      : `is not valid JSON at ${place(json, Number(position))}`;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  return 'is not a JSON object';
}

function place(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
