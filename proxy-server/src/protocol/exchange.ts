import { type Bytes, readUint32 } from './bytes.ts';
import { ID_LENGTH } from './ids.ts';
import { WIRE_LIMITS } from './limits.ts';
import { MalformedError } from './malformed.ts';
import { bodyRecordPrefix, RECORD } from './record.ts';

/** How an exchange's body reaches the agent. */
export type BodyForm =
  /** The request has no body, and no framing field either. */
  | { readonly kind: 'none' }
  /** The body is complete and lies in the record; may be empty. */
  | { readonly kind: 'inline' }
  /** The agent fetches the body; `length` in bytes if the caller announced it. */
  | { readonly kind: 'stream'; readonly length: number | undefined }
  /** The caller asks for a WebSocket; what it sends after a 101 is fetched like a body. */
  | { readonly kind: 'upgrade' };

/** What an agent learns of an exchange: the caller's request, as it came, and its circumstances. */
export interface ExchangeHead {
  readonly id: string;
  readonly method: string;
  /** Path and query below the code, byte for byte, in Latin-1; starts with a slash. */
  readonly target: string;
  /** When the proxy received the request, in milliseconds since 1970 by the proxy's clock. */
  readonly receivedAt: number;
  /**
   * How long the caller will be kept waiting from then on, in milliseconds; anew from the end of a
   * body that is fetched.
   */
  readonly patienceMs: number;
  /** 1 for the first delivery; grows with each further one of the same exchange. */
  readonly attempt: number;
  /** Another agent gives the reply: this one is to send none. */
  readonly copy?: boolean;
  /**
   * The request comes from the proxy's queue, whose name for it this is: nobody waits, but the reply
   * settles it. The same for all of its deliveries, each of which has an `id` of its own.
   */
  readonly queued?: string;
  /** The caller's network address. */
  readonly caller: string;
  /** The caller's HTTP version, such as `1.1`. */
  readonly httpVersion: string;
  readonly body: BodyForm;
  /** Names and values in turn, in the caller's order and case, hop-by-hop fields removed. */
  readonly fields: readonly string[];
}

/** Number of text items before the fields. */
const FIXED_ITEMS = 9;

/** What may follow the number of the delivery, each after a space. */
const COPY = 'copy';
const QUEUED = 'queued=';

/** The record of an exchange up to its inline body of `bodyLength` bytes, as Latin-1 text. */
export function encodeExchange(head: ExchangeHead, bodyLength: number): string {
  let text = `${head.id}\n${head.method}\n${head.target}\n${head.receivedAt}\n${head.patienceMs}\n${encodeDelivery(head)}\n${head.caller}\n${head.httpVersion}\n${encodeBodyForm(head.body)}`;
  for (const item of head.fields) text += `\n${item}`;
  return bodyRecordPrefix(RECORD.exchange, text, bodyLength);
}

/** Reads the payload of an EXCHANGE record. The body is a view of the payload. */
export function decodeExchange(payload: Bytes): { head: ExchangeHead; body: Bytes } {
  const { items, body } = splitText(payload);
  const [
    id = '',
    method = '',
    target = '',
    received,
    patience,
    delivery = '',
    caller = '',
    version = '',
  ] = items;
  if (items.length < FIXED_ITEMS) throw new MalformedError('EXCHANGE lacks items');
  if (id.length !== ID_LENGTH) throw new MalformedError('EXCHANGE has no valid id');
  return {
    head: {
      id,
      method,
      target,
      receivedAt: wholeNumber(received),
      patienceMs: wholeNumber(patience),
      ...decodeDelivery(delivery),
      caller,
      httpVersion: version,
      body: decodeBodyForm(items[FIXED_ITEMS - 1] ?? ''),
      fields: fieldsFrom(items, FIXED_ITEMS),
    },
    body,
  };
}

type DeliveryItem = Pick<ExchangeHead, 'attempt' | 'copy' | 'queued'>;

function encodeDelivery({ attempt, copy, queued }: DeliveryItem): string {
  const more = queued === undefined ? '' : ` ${QUEUED}${queued}`;
  return `${attempt}${copy === true ? ` ${COPY}` : ''}${more}`;
}

function decodeDelivery(item: string): DeliveryItem {
  const [attempt, ...flags] = item.split(' ');
  const delivery: { -readonly [K in keyof DeliveryItem]: DeliveryItem[K] } = {
    attempt: wholeNumber(attempt),
  };
  for (const flag of flags) {
    if (flag === COPY) delivery.copy = true;
    else if (flag.startsWith(QUEUED)) delivery.queued = flag.slice(QUEUED.length);
    else throw new MalformedError('EXCHANGE has an unknown kind of delivery');
  }
  return delivery;
}

function encodeBodyForm(form: BodyForm): string {
  return form.kind === 'stream' ? `stream ${form.length ?? '?'}` : form.kind;
}

function decodeBodyForm(text: string): BodyForm {
  if (text === 'none' || text === 'inline' || text === 'upgrade') return { kind: text };
  if (text === 'stream ?') return { kind: 'stream', length: undefined };
  if (text.startsWith('stream ')) return { kind: 'stream', length: wholeNumber(text.slice(7)) };
  throw new MalformedError('EXCHANGE has an unknown form of body');
}

/** Splits a payload made by {@link bodyRecordPrefix} into text items and body. */
export function splitText(payload: Bytes): { items: string[]; body: Bytes } {
  if (payload.length < 4) throw new MalformedError('the record is too short for its text');
  const textEnd = 4 + readUint32(payload, 0);
  if (textEnd > payload.length || textEnd - 4 > WIRE_LIMITS.text) {
    throw new MalformedError('the text part is longer than its record');
  }
  return {
    items: payload.toString('latin1', 4, textEnd).split('\n'),
    body: payload.subarray(textEnd),
  };
}

/** Names and values in turn from `start` on. */
export function fieldsFrom(items: readonly string[], start: number): string[] {
  if ((items.length - start) % 2 !== 0) throw new MalformedError('a field has no value');
  return items.slice(start);
}

/** A non-negative whole number in decimal digits. */
export function wholeNumber(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text))
    throw new MalformedError('not a whole number');
  return Number(text);
}
