/** Names and values in turn, in the sender's order and case; Latin-1, so that every byte is kept. */
export type Fields = readonly string[];

export type Side = 'request' | 'response';

/** How an exchange stands, or how it ended. */
export type Outcome =
  | { readonly kind: 'open' }
  /** The target answered, and the caller got the answer. */
  | { readonly kind: 'replied' }
  /** The target answered; the caller had its 202 already. */
  | { readonly kind: 'kept' }
  /** The target answered; the caller got the answer of another agent that shares the code. */
  | { readonly kind: 'copied' }
  /** The target gave no (whole) answer; `code` is stable. */
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  /** The proxy withdrew the exchange; `reason` is stable. */
  | { readonly kind: 'cancelled'; readonly reason: string }
  /** The target answered, but nobody took the answer any more. */
  | { readonly kind: 'undelivered'; readonly detail: string }
  /** The editor closed before the end. */
  | { readonly kind: 'interrupted' };

export interface Attempt {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly failedAt?: number;
  readonly detail?: string;
}

/** The steps of an exchange in milliseconds since 1970: by the agent's clock but for the first. */
export interface Timing {
  /** When the proxy received the request, by the proxy's clock. */
  readonly proxyReceivedAt: number;
  /** How long the caller waits from then on, in milliseconds. */
  readonly patienceMs: number;
  readonly receivedAt: number;
  readonly attempts: readonly Attempt[];
  readonly responseAt?: number;
  readonly responseEndAt?: number;
  readonly endedAt?: number;
}

export interface ViewedResponse {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly trailers: Fields;
}

/** Of an exchange that comes from the proxy's queue: which delivery of which request it is. */
export interface QueuedDelivery {
  /** The request's name; the same for all of its deliveries. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** What its sender's signature was good for, if it was older than that when it was delivered. */
  readonly stale?: { readonly sender: string; readonly seconds: number };
}

/** What a request view shows of an exchange, but for the bodies. */
export interface ViewedExchange {
  /** Names the exchange in the host's history. */
  readonly key: string;
  readonly method: string;
  /** Path and query below the code, Latin-1. */
  readonly target: string;
  /** The address that the caller used, as far as it is known. */
  readonly url: string;
  /** The origin of the local service. */
  readonly service: string;
  readonly caller: string;
  readonly httpVersion: string;
  readonly requestFields: Fields;
  readonly response?: ViewedResponse;
  readonly outcome: Outcome;
  readonly timing: Timing;
  readonly queued?: QueuedDelivery;
}

/** A body, or its beginning, ready to be shown. */
export type ViewedBody =
  | { readonly kind: 'none' }
  /** Still arriving. */
  | { readonly kind: 'pending'; readonly size: number }
  /** It was there, and cannot be read any more. */
  | { readonly kind: 'lost'; readonly detail: string }
  | {
      readonly kind: 'bytes';
      /** The first bytes, after Content-Encoding was undone. */
      readonly bytes: Uint8Array;
      /** Whether `bytes` is only the beginning. */
      readonly cut: boolean;
      /** Bytes of the body as it travelled. */
      readonly size: number;
      /** Bytes of the body that the history kept; fewer than `size` if it was over the limit. */
      readonly kept: number;
      /** The value of Content-Type, empty if there is none. */
      readonly contentType: string;
      /** The coding that was undone, such as `gzip`. */
      readonly decoded?: string;
    };

/** What a host tells a request view. */
export interface HostMessages {
  /** Nothing is selected. */
  clear: object;
  exchange: { readonly exchange: ViewedExchange };
  body: { readonly key: string; readonly side: Side; readonly body: ViewedBody };
}

/** What a request view asks of its host. */
export interface ViewMessages {
  /** The view can take messages now. */
  ready: object;
  copyText: { readonly text: string };
  copyBody: { readonly key: string; readonly side: Side };
  openBody: { readonly key: string; readonly side: Side };
}

/** A message of a table such as {@link HostMessages}, as it travels. */
export type Message<Table> = {
  [Type in keyof Table]: { readonly type: Type } & Table[Type];
}[keyof Table];

/** One handler for each message of a table: one that is missing does not compile. */
export type Handlers<Table> = { readonly [Type in keyof Table]: (message: Table[Type]) => void };
