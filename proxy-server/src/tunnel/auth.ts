import { timingSafeEqual } from 'node:crypto';

/** Bytes in which a secret is compared: more than the longest one that a proxy starts with. */
const ROOM = 2048;

/** Checks the secret of agents' requests, in the same time whatever its length and its characters. */
export class Authenticator {
  #known: readonly Buffer[] = [];
  readonly #offered = Buffer.alloc(ROOM);

  constructor(secrets: readonly string[]) {
    this.use(secrets);
  }

  /** From now on these are the secrets. */
  use(secrets: readonly string[]): void {
    this.#known = secrets.map((secret) => {
      const padded = Buffer.alloc(ROOM);
      write(secret, padded);
      return padded;
    });
  }

  /** Whether an Authorization field carries one of the secrets (RFC 6750 section 2.1). */
  allows(authorization: string | undefined): boolean {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return false;
    write(authorization.slice(7).trim(), this.#offered);
    let allowed = false;
    // All are compared, so that the time does not tell which one came close.
    for (const known of this.#known) allowed = timingSafeEqual(known, this.#offered) || allowed;
    return allowed;
  }
}

/** Writes a secret behind its length, so that no padding is taken for a part of it. */
function write(secret: string, padded: Buffer): void {
  padded.fill(0);
  padded.writeUInt32BE(secret.length);
  padded.write(secret, 4, 'utf8');
}
