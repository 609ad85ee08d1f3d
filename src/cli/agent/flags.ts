import type { TunnelFlags } from '../tunnel/flags.ts';
import type { QueueFlags } from './queue.ts';
import type { TargetFlags } from './target.ts';

/** The flags of `caronte agent` as they were given; all but the switches are text. */
export interface AgentFlags extends TunnelFlags, TargetFlags, QueueFlags {
  readonly takeover?: true;
  readonly share?: string;
  readonly sendReply?: true;
  readonly rewritePaths?: true;
  readonly targetMaxAttempts?: string;
  readonly minWait?: string;
  readonly timeout?: string;
  readonly targetTimeout?: string;
  readonly logFormat?: string;
}
