import type { Limits } from '../config/limits.ts';
import type { Clock, HeldBytes, Logger } from '../routing/index.ts';

/** What all tunnels share. */
export interface TunnelParts {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heldBytes: HeldBytes;
}
