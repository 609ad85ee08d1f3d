import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TlsOptions } from '../../src/config/limits.ts';

/** Paths and texts of a self-signed certificate and its key, see certificates/README.md. */
export interface TestCertificate extends TlsOptions {
  readonly certFile: string;
  readonly keyFile: string;
}

export const FIRST = certificate('first');
export const SECOND = certificate('second');

function certificate(name: string): TestCertificate {
  const path = (ending: string): string =>
    fileURLToPath(new URL(`certificates/${name}.${ending}`, import.meta.url));
  const [certFile, keyFile] = [path('pem'), path('key')];
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  };
}
