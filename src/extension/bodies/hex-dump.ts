const PER_LINE = 16;

/** Offset, sixteen bytes and their ASCII in each line, as `hexdump -C` prints them. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    let hex = '';
    let ascii = '';
    for (let column = 0; column < PER_LINE; column++) {
      const byte = bytes[at + column];
      if (column === PER_LINE / 2) hex += ' ';
      hex += byte === undefined ? '   ' : `${byte.toString(16).padStart(2, '0')} `;
      if (byte !== undefined)
        ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
    }
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex} |${ascii}|`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
