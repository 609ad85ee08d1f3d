import { type FileText, SECRET_WAYS, secretLines, secretProblem } from 'caronte-proxy/command';
import { isCode, type Share, SHARES } from 'caronte-proxy/protocol';
import { AGENT_DEFAULTS, type AgentOptions } from '../../agent/index.ts';
import { definedOf, readAddress, shown } from './address.ts';
import { readNetwork } from './network.ts';
import {
  readCertificates,
  readHostHeader,
  readTarget,
  readTargetTls,
  type TargetFlags,
} from './target.ts';

/** The flags of `caronte agent` as they were given; all but the switches are text. */
export interface AgentFlags extends TargetFlags {
  readonly secret?: string;
  readonly secretFile?: string;
  readonly code?: string;
  readonly takeover?: true;
  readonly share?: string;
  readonly sendReply?: true;
  readonly proxyUrl?: string;
  readonly proxyProtocol?: string;
  readonly proxyHost?: string;
  readonly proxyPort?: string;
  readonly rewritePaths?: true;
  readonly targetMaxAttempts?: string;
  readonly networkProxy?: string;
  readonly proxyCa?: string;
  readonly minWait?: string;
  readonly timeout?: string;
  readonly targetTimeout?: string;
  readonly logFormat?: string;
}

export interface AgentSources {
  readonly flags: AgentFlags;
  /** An empty variable counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly read: (path: string) => FileText;
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

/** Bounds in seconds, but for the attempts; both ends are allowed. */
export const AGENT_BOUNDS = {
  timeout: { min: 1.2, max: 3600 },
  minWait: { min: 1, max: 3600 },
  targetTimeout: { min: 0.1, max: 3600 },
  targetMaxAttempts: { min: 1, max: 100 },
} as const;

/** Makes the agent's options: flag over environment over default. Reads nothing by itself. */
export function readAgentConfig(sources: AgentSources): AgentConfigResult {
  const { flags, env, installation, version } = sources;
  const problems: string[] = [];
  const secret = readSecret(sources, problems);
  const code = readCode(flags.code ?? set(env['CARONTE_CODE']), problems);
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
  const network = readNetwork(flags.networkProxy, env, proxyCa, problems);
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

const SECRET_ON_COMMAND_LINE = {
  code: 'secret_on_command_line',
  message:
    'other users of this machine can read the secret in the argument list; use CARONTE_SECRET or --secret-file',
} as const;

function set(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function readSecret({ flags, env, read }: AgentSources, problems: string[]): string | undefined {
  const byFlag = flags.secret !== undefined || flags.secretFile !== undefined;
  const [text, path, textName, pathName] = byFlag
    ? [flags.secret, flags.secretFile, '--secret', '--secret-file']
    : [
        set(env['CARONTE_SECRET']),
        set(env['CARONTE_SECRET_FILE']),
        'CARONTE_SECRET',
        'CARONTE_SECRET_FILE',
      ];
  if (text !== undefined && path !== undefined) {
    problems.push(`${textName} and ${pathName}: give one of them, not both`);
    return undefined;
  }
  if (path !== undefined) {
    const file = read(path);
    if (file.ok) return checkedSecret(secretLines(file.text)[0], `secret file ${path}`, problems);
    problems.push(`secret file ${path}: ${file.problem}`);
    return undefined;
  }
  if (text !== undefined) {
    // Of two, for the time of a change, the first is the one to use.
    return checkedSecret(byFlag ? text : secretLines(text)[0], textName, problems);
  }
  problems.push(`no secret: ${SECRET_WAYS}. It is the one that the proxy was started with`);
  return undefined;
}

function checkedSecret(
  secret: string | undefined,
  where: string,
  problems: string[],
): string | undefined {
  const problem = secret === undefined ? 'is missing' : secretProblem(secret);
  if (problem === undefined) return secret;
  problems.push(`${where}: the secret ${problem}`);
  return undefined;
}

function readCode(code: string | undefined, problems: string[]): string | undefined {
  if (code === undefined) {
    problems.push(
      'no code: give --code <code> or set CARONTE_CODE. It is the name under which callers reach the tunnel',
    );
    return undefined;
  }
  if (isCode(code)) return code;
  problems.push(
    `--code: ${shown(code)} is not 1 to 63 letters, digits, "-" or "_" with a letter or digit at both ends`,
  );
  return undefined;
}

function readNumber(
  flags: AgentFlags,
  name: keyof typeof AGENT_BOUNDS,
  problems: string[],
): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const { min, max } = AGENT_BOUNDS[name];
  const whole = name === 'targetMaxAttempts' || name === 'minWait';
  const value = (whole ? /^\d{1,9}$/ : /^\d{1,9}(?:\.\d{1,9})?$/).test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const unit = name === 'targetMaxAttempts' ? '' : ' of seconds';
  const what = `a ${whole ? 'whole ' : ''}number${unit}`;
  problems.push(`--${flag}: ${shown(text)} is not ${what} from ${min} to ${max}`);
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

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
