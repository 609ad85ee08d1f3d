/** Narrow enough for a side bar. */
const PER_LINE = 8;

/** Bytes that are shown as hex; a dump is for a look, not for reading. */
export const HEX_LIMIT = 8 * 1024;

/** Offset, eight bytes and their ASCII in each line. */
export function hexLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  const shown = bytes.subarray(0, HEX_LIMIT);
  for (let at = 0; at < shown.length; at += PER_LINE) {
    const row = [...shown.subarray(at, at + PER_LINE)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = row
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    const offset = at.toString(16).padStart(4, '0');
    lines.push(`${offset}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${ascii}`);
  }
  return lines.join('\n');
}
