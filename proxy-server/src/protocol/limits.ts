/**
 * Hard maximums of the wire, in bytes unless a name says otherwise. Neither side allocates more
 * than these for a record, whatever its peer claims.
 */
export const WIRE_LIMITS = {
  /** A body up to this size, complete in time, travels inside its record. */
  inlineBody: 64 * 1024,
  /** The text part of a record: method, path and fields, or status and fields. */
  text: 256 * 1024,
  /** Any record but DATA, which is handed on in pieces as it arrives. */
  record: 256 * 1024 + 64 * 1024 + 64,
  /** One DATA record; a sender cuts larger chunks. */
  data: 1024 * 1024,
  /** A poll answer or a batch of replies is closed once it has this size. */
  batch: 1024 * 1024,
  /** Replies in one request, as a number. */
  replies: 4096,
  /** A hello, as JSON. */
  hello: 16 * 1024,
  /** The acknowledgements of one poll. */
  acknowledgements: 128 * 1024,
} as const;

/**
 * How long a body may take to become complete and still travel inline, in milliseconds. Up to 4 ms
 * more may pass before it is found to be late.
 */
export const GATHER_MS = 6;

/**
 * A stream that has been silent for this long, up to twice as long, carries a DATA record of no
 * bytes, in milliseconds: intermediaries cut what is silent, most of them after a minute.
 */
export const SILENCE_MS = 25_000;
