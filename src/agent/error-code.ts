/** The stable code that Node and undici put on their errors; empty if there is none. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** OpenSSL's verdicts on certificates that do not say so in their name. */
const CERTIFICATE = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'INVALID_CA',
  'HOSTNAME_MISMATCH',
]);

/** Whether a connection failed since the two sides could not agree on TLS. */
export function isTlsFailure(code: string): boolean {
  return (
    CERTIFICATE.has(code) ||
    code.includes('CERT') ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code === 'EPROTO'
  );
}

/** Whether the other side does not speak TLS at all. */
export function isNoTls(code: string): boolean {
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
}

/** What went wrong with TLS, in few words: OpenSSL's messages name its own source files as well. */
export function tlsReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOpenSsl = errorCode(error).startsWith('ERR_SSL');
  const reason = isOpenSsl && 'reason' in error ? error.reason : undefined;
  return typeof reason === 'string' && reason !== '' ? reason : error.message;
}

/** Whether the certificate is sound, but nobody that is trusted has signed it. */
export function isUntrusted(code: string): boolean {
  return (
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' ||
    code === 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
  );
}
