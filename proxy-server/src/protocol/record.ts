import { uint32 } from './bytes.ts';

/**
 * A body of records is one version byte, then records one after another. A record is
 *
 *     type    1 byte
 *     length  4 bytes, big-endian: bytes of the payload
 *     payload
 *
 * The text part of a payload is Latin-1, its items divided by LF, which none of them can contain.
 */
export const RECORD = {
  /** Proxy to agent: a new exchange. */
  exchange: 0x01,
  /** Proxy to agent: stop working on an exchange. */
  cancel: 0x02,
  /** Proxy to agent: so many exchanges still wait; open further polls. */
  waiting: 0x03,
  /** Proxy to agent: another agent has the code now. */
  takenOver: 0x04,
  /** Proxy to agent: the proxy is shutting down; reconnect after the exchanges in hand. */
  draining: 0x05,
  /** Proxy to agent: what the tunnel's queue holds now. */
  queue: 0x06,
  /** Agent to proxy: these exchanges have arrived. */
  acknowledge: 0x10,
  /** Agent to proxy: a whole response. */
  response: 0x20,
  /** Agent to proxy: a response whose body follows as DATA, up to END or ABORT. */
  responseStart: 0x21,
  /** Either way: a piece of the body announced before. */
  data: 0x22,
  /** Either way: the body is complete; may carry trailers. */
  end: 0x23,
  /** Either way: the body breaks off here and must not look complete. */
  abort: 0x24,
  /** Agent to proxy: the target gave no answer. */
  failure: 0x25,
  /** Agent to proxy: an informational response (1xx) before the final one. */
  information: 0x26,
  /** Proxy to agent: what became of a reply. */
  result: 0x30,
} as const;

export type RecordType = (typeof RECORD)[keyof typeof RECORD];

/** Bytes before a record's payload. */
export const RECORD_HEADER = 5;

/** The header of a record, as Latin-1 text. `length` is that of the payload, in bytes. */
export function recordHeader(type: RecordType, length: number): string {
  return String.fromCharCode(type) + uint32(length);
}

/** A record whose payload is text alone. */
export function textRecord(type: RecordType, text: string): string {
  return recordHeader(type, text.length) + text;
}

/**
 * A record of a text part and a body, as Latin-1 text up to where the body's bytes follow.
 * The payload is the text's length (4 bytes), the text, and the body.
 */
export function bodyRecordPrefix(type: RecordType, text: string, bodyLength: number): string {
  return recordHeader(type, 4 + text.length + bodyLength) + uint32(text.length) + text;
}
