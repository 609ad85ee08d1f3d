import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { TlsOptions } from './limits.ts';
import type { OptionName, Settings } from './options.ts';
import { fromConfig } from './paths.ts';
import type { FileText, Given } from './sources.ts';

/** Certificate and key, if both are given and fit; undefined without TLS, and after a problem. */
export function loadTls(
  settings: Settings,
  given: ReadonlyMap<OptionName, Given>,
  configPath: string | undefined,
  read: (path: string) => FileText,
  problems: string[],
): TlsOptions | undefined {
  const { tlsCert, tlsKey } = settings;
  if (tlsCert === undefined || tlsKey === undefined) {
    const alone = given.get('tlsCert') ?? given.get('tlsKey');
    if (alone === undefined) return undefined;
    const other = tlsCert === undefined ? '--tls-cert' : '--tls-key';
    problems.push(`${alone.where}: TLS wants certificate and key: give ${other} too`);
    return undefined;
  }
  const before = problems.length;
  const textOf = (name: 'tlsCert' | 'tlsKey', path: string): string => {
    const file = read(fromConfig(path, given.get(name), configPath));
    if (file.ok) return file.text;
    problems.push(`${given.get(name)?.where ?? name}: ${path}: ${file.problem}`);
    return '';
  };
  const cert = textOf('tlsCert', tlsCert);
  const key = textOf('tlsKey', tlsKey);
  if (problems.length > before) return undefined;
  const problem = pairProblem({ cert, key }, tlsCert, tlsKey);
  if (problem === undefined) return { cert, key };
  problems.push(problem);
  return undefined;
}

/** Why certificate and key cannot be used, or undefined if they can. Never shows the key. */
function pairProblem(tls: TlsOptions, certPath: string, keyPath: string): string | undefined {
  let certificate: X509Certificate;
  let key: KeyObject;
  try {
    certificate = new X509Certificate(tls.cert);
  } catch {
    return `${certPath}: holds no certificate in PEM form`;
  }
  try {
    key = createPrivateKey(tls.key);
  } catch {
    return `${keyPath}: holds no private key in PEM form that can be read without a passphrase`;
  }
  if (!certificate.checkPrivateKey(key)) {
    return `${keyPath}: is not the key of the certificate in ${certPath}; the server's own comes first there, then the intermediate ones`;
  }
  try {
    createSecureContext({ cert: tls.cert, key: tls.key });
    return undefined;
  } catch (error) {
    return `${certPath}: cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}
