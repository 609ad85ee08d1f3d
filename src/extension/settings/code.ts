import { randomInt } from 'node:crypto';

/** As the protocol has it: 1 to 63 letters, digits, `-` or `_`, a letter or digit at both ends. */
const CODE = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

export function isCode(text: string): boolean {
  return CODE.test(text);
}

/** Without the letters that are easily taken for another. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz';

/** Long names are cut, so that the public address stays short. */
const MAX_NAME = 32;

/**
 * A code that nobody else is likely to have: the folder's name, as far as it fits, and four random
 * letters, so that the code of a colleague's copy of the folder differs.
 */
export function suggestCode(folderName: string | undefined, random = randomInt): string {
  const name = (folderName ?? '')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME)
    .replace(/^-+|-+$/g, '');
  let letters = '';
  for (let count = 0; count < 4; count++) letters += LETTERS.charAt(random(LETTERS.length));
  return `${name === '' ? 'tunnel' : name}-${letters}`;
}
