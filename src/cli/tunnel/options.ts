import { isCode } from 'caronte-proxy/protocol';
import { readAddress } from './address.ts';
import { readCertificates } from './certificates.ts';
import type { TunnelFlags } from './flags.ts';
import { readSecret, SECRET_ON_COMMAND_LINE, type SecretSources } from './secret.ts';
import { shown, unlessEmpty } from './values.ts';

export interface TunnelSources extends SecretSources {
  readonly flags: TunnelFlags;
}

/** What a person should know although it can be done. */
export interface CliWarning {
  readonly code: string;
  readonly message: string;
}

/** Which tunnel is meant, and where its proxy is; what there are problems with is undefined. */
export interface TunnelAccess {
  readonly secret: string | undefined;
  readonly code: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly proxyCa: string | undefined;
  readonly warnings: readonly CliWarning[];
}

/** Flag over environment over default. */
export function readTunnel(sources: TunnelSources, problems: string[]): TunnelAccess {
  const { flags, env, read } = sources;
  const { proxyUrl, proxyProtocol, proxyHost, proxyPort } = flags;
  return {
    secret: readSecret(sources, problems),
    code: readCode(flags.code, env['CARONTE_CODE'], problems),
    proxyUrl: readAddress(
      { url: proxyUrl, protocol: proxyProtocol, host: proxyHost, port: proxyPort },
      { urlFlag: '--proxy-url', partPrefix: '--proxy', mayHavePath: true },
      problems,
    ),
    proxyCa: readCertificates('--proxy-ca', flags.proxyCa, read, problems),
    warnings: flags.secret === undefined ? [] : [SECRET_ON_COMMAND_LINE],
  };
}

function readCode(
  flag: string | undefined,
  variable: string | undefined,
  problems: string[],
): string | undefined {
  const code = flag ?? unlessEmpty(variable);
  if (code === undefined) {
    problems.push(
      'no code: give --code <code> or set CARONTE_CODE. It is the name under which callers reach the tunnel',
    );
    return undefined;
  }
  if (isCode(code)) return code;
  problems.push(
    `${flag === undefined ? 'CARONTE_CODE' : '--code'}: ${shown(code)} is not 1 to 63 letters, digits, "-" or "_" with a letter or digit at both ends`,
  );
  return undefined;
}
