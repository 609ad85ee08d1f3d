import type { FileText } from 'caronte-proxy/command';
import { isCertificates } from '../../agent/index.ts';

/** Certificates in a file; undefined if none is named, or there are problems. */
export function readCertificates(
  flag: string,
  path: string | undefined,
  read: (path: string) => FileText,
  problems: string[],
): string | undefined {
  if (path === undefined) return undefined;
  const file = read(path);
  if (!file.ok) problems.push(`${flag}: ${path}: ${file.problem}`);
  else if (isCertificates(file.text)) return file.text;
  else problems.push(`${flag}: ${path}: there is no certificate in PEM in it`);
  return undefined;
}
