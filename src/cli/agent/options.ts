import { SHARES } from 'caronte-proxy/protocol';
import { AGENT_DEFAULTS, type AgentOptions } from '../../agent/index.ts';
import { readChoice } from '../tunnel/choice.ts';
import { readNetwork } from '../tunnel/network.ts';
import { milliseconds, readNumber } from '../tunnel/numbers.ts';
import { type CliWarning, readTunnel, type TunnelSources } from '../tunnel/options.ts';
import { definedOf } from '../tunnel/values.ts';
import { AGENT_BOUNDS } from './bounds.ts';
import type { AgentFlags } from './flags.ts';
import { hasUnusedQueue, QUEUE_FLAGS_UNUSED, readQueueOptions } from './queue.ts';
import { readHostHeader, readTarget, readTargetTls } from './target.ts';

export interface AgentSources extends TunnelSources {
  readonly flags: AgentFlags;
  /** 32 hexadecimal digits, drawn for this start: two terminals are two agents. */
  readonly installation: string;
  readonly version: string;
}

const LOG_FORMATS = ['pretty', 'json'] as const;

/** What `caronte agent` runs with. */
export interface AgentConfig {
  readonly options: AgentOptions;
  readonly logFormat: (typeof LOG_FORMATS)[number];
  readonly warnings: readonly CliWarning[];
}

/** Problems are one line each and never show a secret. */
export type AgentConfigResult =
  | { readonly ok: true; readonly config: AgentConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Makes the agent's options: flag over environment over default. Reads nothing by itself. */
export function readAgentConfig(sources: AgentSources): AgentConfigResult {
  const { flags, env, installation, version } = sources;
  const problems: string[] = [];
  const tunnel = readTunnel(sources, problems);
  const { secret, code, proxyUrl, proxyCa } = tunnel;
  const target = readTarget(flags, problems);
  const targetTls = readTargetTls(flags, target, sources.read, problems);
  const hostHeader = readHostHeader(flags.hostHeader, problems);
  const network = readNetwork(
    { flag: flags.networkProxy, env, ca: proxyCa, called: [proxyUrl, target] },
    problems,
  );
  const minWaitSeconds = readNumber('--min-wait', flags.minWait, AGENT_BOUNDS.minWait, problems);
  const maxAttempts = readNumber(
    '--target-max-attempts',
    flags.targetMaxAttempts,
    AGENT_BOUNDS.targetMaxAttempts,
    problems,
  );
  const timeout = readNumber('--timeout', flags.timeout, AGENT_BOUNDS.timeout, problems);
  const targetTimeout = readNumber(
    '--target-timeout',
    flags.targetTimeout,
    AGENT_BOUNDS.targetTimeout,
    problems,
  );
  const share = readChoice('--share', flags.share, SHARES, problems);
  const queue = readQueueOptions(flags, env, problems);
  const logFormat = readChoice('--log-format', flags.logFormat, LOG_FORMATS, problems);
  const sendReply = flags.sendReply === true;
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
        sendReply,
        maxAttempts: maxAttempts ?? AGENT_DEFAULTS.maxAttempts,
        targetTimeoutMs: milliseconds(targetTimeout) ?? AGENT_DEFAULTS.targetTimeoutMs,
        pollTimeoutMs: milliseconds(timeout) ?? AGENT_DEFAULTS.pollTimeoutMs,
        share: share ?? AGENT_DEFAULTS.share,
        takeover: flags.takeover === true,
        installation,
        software: `caronte-cli/${version}`,
        ...definedOf({ targetTls, hostHeader, network, proxyCa, minWaitSeconds }),
        ...queue,
        ...(flags.rewritePaths === true && { rewritePaths: true }),
      },
      logFormat: logFormat ?? 'pretty',
      warnings: [
        ...tunnel.warnings,
        ...(hasUnusedQueue(queue, sendReply) ? [QUEUE_FLAGS_UNUSED] : []),
      ],
    },
  };
}
