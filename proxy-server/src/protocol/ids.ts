/** Characters of an id on the wire: 128 random bits as lower-case hexadecimal. */
export const ID_LENGTH = 32;

const ID = /^[0-9a-f]{32}$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

/** A code is one path segment and, lower-cased, one DNS label: letters, digits, `-` and `_`; 1 to 63. */
const CODE = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

export function isCode(text: string): boolean {
  return CODE.test(text);
}
