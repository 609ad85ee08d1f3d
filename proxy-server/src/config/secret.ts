import { MIN_SECRET } from './limits.ts';

/** How many secrets may be valid at once: the old one and the one that replaces it. */
export const MAX_SECRETS = 2;

/** How to make a good secret, with OpenSSL or with nothing but Node. */
export const SECRET_HINT = `openssl rand -hex 24, or: node -p "require('crypto').randomBytes(24).toString('hex')"`;

/** The secrets in a text, one a line; blanks around a line and empty lines do not count. */
export function secretLines(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The three ways to give a secret, for whoever gave none. */
export const SECRET_WAYS =
  'set CARONTE_SECRET, or give --secret-file <file>, or --secret <secret> (which other users of this machine can read)';

/** Longest secret, in characters: it travels in a header field. */
const MAX_SECRET = 1024;

/**
 * Why a secret cannot be used, to follow "the secret", or undefined if it can. Bytes beyond ASCII
 * in a header field would be read by each side in its own way.
 */
export function secretProblem(secret: string): string | undefined {
  if (secret.length < MIN_SECRET) return `is shorter than ${MIN_SECRET} characters`;
  if (secret.length > MAX_SECRET) return `is longer than ${MAX_SECRET} characters`;
  if (!/^[\x20-\x7e]+$/.test(secret)) return 'has characters other than printable ASCII';
  if (secret !== secret.trim()) return 'starts or ends with a blank';
  return undefined;
}
