import { createHash, timingSafeEqual } from 'node:crypto';

/** Checks the secret of agents' requests in constant time, over digests of equal length. */
export class Authenticator {
  readonly #digests: readonly Buffer[];

  constructor(secrets: readonly string[]) {
    this.#digests = secrets.map(digest);
  }

  /** Whether an Authorization field carries one of the secrets (RFC 6750 section 2.1). */
  allows(authorization: string | undefined): boolean {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return false;
    const offered = digest(authorization.slice(7).trim());
    let allowed = false;
    // All are compared, so that the time does not tell which one came close.
    for (const known of this.#digests) allowed = timingSafeEqual(known, offered) || allowed;
    return allowed;
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}
