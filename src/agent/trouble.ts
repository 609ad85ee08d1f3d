/** Stable codes of what can go wrong on the agent's side. */
export type TroubleCode =
  | 'secret_refused'
  | 'code_in_use'
  | 'taken_over'
  | 'protocol_unsupported'
  | 'refused_by_proxy'
  | 'not_a_proxy'
  | 'proxy_unreachable'
  | 'proxy_draining'
  | 'proxy_silent'
  | 'proxy_misbehaved'
  | 'queue_unavailable'
  | 'entry_unknown'
  /** A proxy of the network on the way, which is not Caronte's. */
  | 'network_proxy'
  | 'tls_failed';

/** A failure with a stable code, one line that says what happened, and one that says what to do. */
export interface Trouble {
  readonly code: TroubleCode;
  readonly message: string;
  readonly advice?: string;
}

/** What a request met that a person made, and not the tunnel by itself. */
export class TroubleError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, cause: unknown) {
    super(trouble.message, { cause });
    this.name = 'TroubleError';
    this.trouble = trouble;
  }
}
