import { isCode, type Share, SHARES } from 'caronte-proxy/protocol';
import { AGENT_DEFAULTS, type AgentOptions } from '../../agent/index.ts';
import { readAddress } from './address.ts';
import type { AgentFlags } from './flags.ts';
import { readNetwork } from './network.ts';
import { milliseconds, readNumber } from './numbers.ts';
import { readSecret, SECRET_ON_COMMAND_LINE, type SecretSources } from './secret.ts';
import { readCertificates, readHostHeader, readTarget, readTargetTls } from './target.ts';
import { definedOf, shown, unlessEmpty } from './values.ts';

export interface AgentSources extends SecretSources {
  readonly flags: AgentFlags;
  /** 32 hexadecimal digits, drawn for this start: two terminals are two agents. */
  readonly installation: string;
  readonly version: string;
}

/** What `caronte agent` runs with. */
export interface AgentConfig {
  readonly options: AgentOptions;
  readonly logFormat: 'pretty' | 'json';
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** Problems are one line each and never show a secret. */
export type AgentConfigResult =
  | { readonly ok: true; readonly config: AgentConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Makes the agent's options: flag over environment over default. Reads nothing by itself. */
export function readAgentConfig(sources: AgentSources): AgentConfigResult {
  const { flags, env, installation, version } = sources;
  const problems: string[] = [];
  const secret = readSecret(sources, problems);
  const code = readCode(flags.code, env['CARONTE_CODE'], problems);
  const proxyUrl = readAddress(
    {
      url: flags.proxyUrl,
      protocol: flags.proxyProtocol,
      host: flags.proxyHost,
      port: flags.proxyPort,
    },
    { urlFlag: '--proxy-url', partPrefix: '--proxy', mayHavePath: true },
    problems,
  );
  const target = readTarget(flags, problems);
  const targetTls = readTargetTls(flags, target, sources.read, problems);
  const hostHeader = readHostHeader(flags.hostHeader, problems);
  const proxyCa = readCertificates('--proxy-ca', flags.proxyCa, sources.read, problems);
  const network = readNetwork(
    { flag: flags.networkProxy, env, ca: proxyCa, called: [proxyUrl, target] },
    problems,
  );
  const minWaitSeconds = readNumber(flags, 'minWait', problems);
  const maxAttempts =
    readNumber(flags, 'targetMaxAttempts', problems) ?? AGENT_DEFAULTS.maxAttempts;
  const timeout = readNumber(flags, 'timeout', problems);
  const targetTimeout = readNumber(flags, 'targetTimeout', problems);
  const share = readShare(flags.share, problems);
  const logFormat = readFormat(flags.logFormat, problems);
  if (
    secret === undefined ||
    code === undefined ||
    proxyUrl === undefined ||
    target === undefined ||
    problems.length > 0
  ) {
    return { ok: false, problems };
  }
  return {
    ok: true,
    config: {
      options: {
        proxyUrl,
        secret,
        code,
        target,
        sendReply: flags.sendReply === true,
        maxAttempts,
        targetTimeoutMs: milliseconds(targetTimeout) ?? AGENT_DEFAULTS.targetTimeoutMs,
        pollTimeoutMs: milliseconds(timeout) ?? AGENT_DEFAULTS.pollTimeoutMs,
        share,
        takeover: flags.takeover === true,
        installation,
        software: `caronte-cli/${version}`,
        ...definedOf({ targetTls, hostHeader, network, proxyCa, minWaitSeconds }),
        ...(flags.rewritePaths === true && { rewritePaths: true }),
      },
      logFormat,
      warnings: flags.secret === undefined ? [] : [SECRET_ON_COMMAND_LINE],
    },
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

function readShare(text: string | undefined, problems: string[]): Share {
  const share = SHARES.find((known) => known === (text ?? AGENT_DEFAULTS.share));
  if (share !== undefined) return share;
  problems.push(`--share: ${shown(text ?? '')} is neither exclusive, balance nor broadcast`);
  return AGENT_DEFAULTS.share;
}

function readFormat(text: string | undefined, problems: string[]): 'pretty' | 'json' {
  if (text === 'json') return 'json';
  if (text !== undefined && text !== 'pretty') {
    problems.push(`--log-format: ${shown(text)} is neither pretty nor json`);
  }
  return 'pretty';
}
