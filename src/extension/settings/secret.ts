/** Shortest and longest secret, in characters, as the proxy has them. */
export const SECRET_LENGTH = { min: 6, max: 1024 } as const;

/** Why a text cannot be a secret. */
export type SecretProblem = 'empty' | 'short' | 'long' | 'not_ascii';

export type SecretResult =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly problem: SecretProblem };

/**
 * Reads a secret by the proxy's own rule: printable ASCII, blanks within it included. Blanks and
 * ends of lines around it, which come along when it is copied from its file, do not count.
 */
export function readSecret(text: string): SecretResult {
  const secret = text.trim();
  if (secret === '') return { ok: false, problem: 'empty' };
  if (!/^[\x20-\x7e]+$/.test(secret)) return { ok: false, problem: 'not_ascii' };
  if (secret.length < SECRET_LENGTH.min) return { ok: false, problem: 'short' };
  if (secret.length > SECRET_LENGTH.max) return { ok: false, problem: 'long' };
  return { ok: true, secret };
}
