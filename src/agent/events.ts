import type {
  CancelReason,
  ExchangeHead,
  FailureCode,
  Missed,
  QueueState,
} from 'caronte-proxy/protocol';
import type { ConnectionState } from './state.ts';

/** How an exchange ended on the agent's side. */
export type ExchangeOutcome =
  /** The target answered, and the proxy handed the answer to the caller, or settled a queued request by it. */
  | { readonly kind: 'replied' }
  /** The target answered; no reply was sent since the tunnel does not send replies. */
  | { readonly kind: 'kept' }
  /** The target answered; the caller gets the answer of another agent, which shares the code. */
  | { readonly kind: 'copied' }
  /** The target gave no (whole) answer. */
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly detail: string }
  /** The proxy withdrew the exchange, most often since the caller left. */
  | { readonly kind: 'cancelled'; readonly reason: CancelReason }
  /** The target answered, but the proxy did not take the reply any more. */
  | { readonly kind: 'undelivered'; readonly detail: string };

/** How much passed through an upgraded connection. */
export interface PassedBytes {
  readonly toTarget: number;
  readonly toCaller: number;
}

/**
 * Every step of an exchange as it happens. `at` is in milliseconds since 1970 by this machine's
 * clock; `id` names the exchange. Byte arrays belong to the listener only during the call: copy
 * what is to be kept.
 */
export type ExchangeEvent =
  /** The request's head has arrived at the agent. Its body follows in `request-data`. */
  | {
      readonly type: 'received';
      readonly id: string;
      readonly at: number;
      readonly head: ExchangeHead;
    }
  | { readonly type: 'request-data'; readonly id: string; readonly bytes: Uint8Array }
  /** A connection to the target is about to be tried; `attempt` counts from 1. */
  | { readonly type: 'attempt'; readonly id: string; readonly at: number; readonly attempt: number }
  /** The target could not be reached; another attempt follows after the pause. */
  | {
      readonly type: 'attempt-failed';
      readonly id: string;
      readonly at: number;
      readonly attempt: number;
      readonly detail: string;
      readonly pauseMs: number;
    }
  /** The target's final response head. */
  | {
      readonly type: 'response';
      readonly id: string;
      readonly at: number;
      readonly status: number;
      readonly reason: string;
      /** Names and values in turn, as the target gave them. */
      readonly fields: readonly string[];
    }
  | { readonly type: 'response-data'; readonly id: string; readonly bytes: Uint8Array }
  /** The target's response is complete; sending it back may still take a moment. */
  | {
      readonly type: 'response-end';
      readonly id: string;
      readonly at: number;
      readonly trailers: readonly string[];
    }
  /** The last event of an exchange. The bytes of an upgraded one have had no events. */
  | {
      readonly type: 'ended';
      readonly id: string;
      readonly at: number;
      readonly outcome: ExchangeOutcome;
      readonly passed?: PassedBytes;
    };

/** What a person should know although nothing failed. */
export interface AgentWarning {
  readonly code: 'secret_in_plain_text';
  readonly message: string;
}

/** How a host listens. What a listener throws becomes a warning of the process. */
export interface AgentObserver {
  onState?(state: ConnectionState): void;
  onExchange?(event: ExchangeEvent): void;
  /** What the tunnel's queue holds: after each hello if the proxy keeps one, and whenever it changes. */
  onQueue?(state: QueueState): void;
  /** After a hello: what was lost since an agent of the code was told last. */
  onMissed?(missed: Missed): void;
  onWarning?(warning: AgentWarning): void;
}
