import type {
  Attempt,
  Fields,
  Outcome,
  QueuedDelivery,
  Timing,
  ViewedResponse,
} from '../../shared/request-view.ts';

/** An exchange as a list shows it; these stay in memory. */
export interface Entry {
  /** Names the exchange in the history: its id, and from the second delivery on the attempt. */
  readonly key: string;
  /** When the agent received it, in milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** Path and query below the code, Latin-1. */
  readonly target: string;
  /** The target's, if it gave one. */
  readonly status?: number;
  readonly outcome: Outcome;
  /** From the agent's receipt to the end. */
  readonly durationMs?: number;
  /** Bytes of the bodies as they travelled. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The number of the delivery, if the request comes from the proxy's queue. */
  readonly delivery?: number;
}

/** The rest of an exchange but for the bodies; on disk once the exchange has ended. */
export interface Details {
  readonly url: string;
  readonly service: string;
  readonly caller: string;
  readonly httpVersion: string;
  readonly requestFields: Fields;
  readonly response?: ViewedResponse;
  readonly timing: Timing;
  readonly queued?: QueuedDelivery;
}

/** Where a body's bytes are, within a volume. */
export type BodyPlace =
  | { readonly kind: 'none' }
  /** In the volume's common file. */
  | { readonly kind: 'packed'; readonly at: number; readonly length: number }
  /** In a file of its own. */
  | { readonly kind: 'file'; readonly name: string; readonly length: number };

/** Where an ended exchange's details and bodies are, within a volume. */
export interface Place {
  readonly details: { readonly at: number; readonly length: number };
  readonly request: BodyPlace;
  readonly response: BodyPlace;
}

export type { Attempt, Fields, Outcome, Timing };
