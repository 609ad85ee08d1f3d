import type { ProxyConfig } from './load.ts';
import { OPTION_NAMES, type OptionName } from './options.ts';

/** The effective configuration as JSON: the value of each option and its source; secrets hidden. */
export function printConfig(config: ProxyConfig): string {
  const { options, logFormat, logLevel, secretFile, origins } = config;
  const values: Record<OptionName, unknown> = {
    secret: options.secrets.map(() => '(hidden)'),
    secretFile,
    host: options.host,
    port: options.port,
    publicUrl: options.publicUrl,
    domain: options.domain,
    trustProxy: options.trustProxy,
    tlsCert: config.tlsCert,
    tlsKey: config.tlsKey,
    dataDir: options.dataDir,
    ...options.limits,
    logFormat,
    logLevel,
  };
  // Whatever names the file gives the secrets.
  const from = secretFile === undefined ? origins : { ...origins, secret: origins.secretFile };
  const printed = OPTION_NAMES.map((name) => [
    name,
    { value: values[name] ?? null, from: from[name] },
  ]);
  return `${JSON.stringify(Object.fromEntries(printed), undefined, 2)}\n`;
}
