/** The few ways in which a line's parts are set off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  notable(text: string): string;
  bad(text: string): string;
}

/** Escape sequences (ECMA-48 section 8.3.117, SGR) that begin and end each style. */
export const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  notable: sgr(33, 39),
  bad: sgr(31, 39),
};

const asIs = (text: string): string => text;

export const PLAIN: Style = { bold: asIs, dim: asIs, good: asIs, notable: asIs, bad: asIs };

function sgr(begin: number, end: number): (text: string) => string {
  return (text) => `\u001b[${begin}m${text}\u001b[${end}m`;
}

/** Colours only where they are wanted; see https://no-color.org. */
export function styleFor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return isTerminal && !refused ? COLOURED : PLAIN;
}
