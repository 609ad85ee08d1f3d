/**
 * What the protocol needs of a byte array. Node's Buffer fits as it is; another runtime brings a
 * small adapter. Heads travel as Latin-1 text so that bytes above 0x7F survive in both directions.
 */
export interface Bytes extends Uint8Array {
  subarray(start?: number, end?: number): Bytes;
  toString(encoding?: 'latin1', start?: number, end?: number): string;
}

/** Four bytes, big-endian, as Latin-1 text. */
export function uint32(value: number): string {
  return String.fromCharCode(
    (value >>> 24) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}

/** Reads four bytes, big-endian; the caller has checked that they are there. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x1000000 +
    (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  );
}
