import type { TargetFlags } from './target.ts';

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
