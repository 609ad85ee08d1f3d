import type { Line, Program } from './program.ts';

/** A line of output that is a JSON object; undefined if it is none. */
export function jsonOf(line: Line): Readonly<Record<string, unknown>> | undefined {
  if (!line.text.startsWith('{')) return undefined;
  try {
    return JSON.parse(line.text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** Waits for a line whose JSON object has these members. */
export function jsonLine(
  program: Program,
  members: Readonly<Record<string, unknown>>,
  options?: { readonly ms?: number; readonly from?: number },
): Promise<Readonly<Record<string, unknown>>> {
  return program.find(
    JSON.stringify(members),
    (line) => {
      const value = jsonOf(line);
      if (value === undefined) return undefined;
      return Object.entries(members).every(([name, wanted]) => value[name] === wanted)
        ? value
        : undefined;
    },
    options,
  );
}
