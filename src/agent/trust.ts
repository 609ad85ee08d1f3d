import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

/** Whom a TLS connection trusts. */
export interface TlsTrust {
  /** Certificates in PEM that are trusted beside the well-known authorities. */
  readonly ca?: string | undefined;
  /** Whoever answers is believed to be who was called. */
  readonly insecure?: boolean | undefined;
}

/** The same for `node:tls`. Without extra certificates its own defaults stay as they are. */
export function tlsOptions(trust: TlsTrust): { ca?: string[]; rejectUnauthorized?: boolean } {
  return {
    ...(trust.ca !== undefined && { ca: [...rootCertificates, trust.ca] }),
    ...(trust.insecure === true && { rejectUnauthorized: false }),
  };
}

/** Whether a text begins with a certificate in PEM that can be read. */
export function isCertificates(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}
