import type { Bytes } from './bytes.ts';
import { fieldsFrom, splitText } from './exchange.ts';
import { ID_LENGTH } from './ids.ts';
import { MalformedError } from './malformed.ts';
import { bodyRecordPrefix, RECORD, textRecord } from './record.ts';

/** The target's response up to its body. */
export interface ResponseHead {
  /** The exchange that this answers. */
  readonly id: string;
  readonly status: number;
  /** The reason phrase as the target gave it; may be empty. */
  readonly reason: string;
  /** Names and values in turn, in the target's order and case, hop-by-hop fields removed. */
  readonly fields: readonly string[];
}

/** Why the target gave no answer. */
export const FAILURE = {
  unreachable: 'target_unreachable',
  brokeOff: 'target_broke_off',
  timeout: 'target_timeout',
  /** The agent could not pass the request on, for instance since a limit of its own was met. */
  refused: 'agent_refused',
} as const;

export type FailureCode = (typeof FAILURE)[keyof typeof FAILURE];

export interface Failure {
  readonly id: string;
  readonly code: FailureCode;
  /** One line for the caller: which target, and what went wrong. */
  readonly detail: string;
}

/** What became of a reply. */
export const OUTCOME = {
  /** Handed to the caller's connection. */
  delivered: 1,
  /** The exchange is not open any more: the caller left, it was answered already, or never was. */
  gone: 2,
} as const;

export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

function headText(head: ResponseHead): string {
  let text = `${head.id}\n${head.status}\n${head.reason}`;
  for (const item of head.fields) text += `\n${item}`;
  return text;
}

/** The record of a whole response up to its body of `bodyLength` bytes, as Latin-1 text. */
export function encodeResponse(head: ResponseHead, bodyLength: number): string {
  return bodyRecordPrefix(RECORD.response, headText(head), bodyLength);
}

/** The record that opens a response whose body follows as DATA. */
export function encodeResponseStart(head: ResponseHead): string {
  return textRecord(RECORD.responseStart, headText(head));
}

/** An informational response (RFC 9110 section 15.2), for instance 103. */
export function encodeInformation(head: ResponseHead): string {
  return textRecord(RECORD.information, headText(head));
}

/** Reads the payload of a RESPONSE record. The body is a view of the payload. */
export function decodeResponse(payload: Bytes): { head: ResponseHead; body: Bytes } {
  const { items, body } = splitText(payload);
  return { head: headFrom(items), body };
}

/** Reads the payload of a RESPONSE_START or INFORMATION record. */
export function decodeResponseHead(payload: Bytes): ResponseHead {
  return headFrom(payload.toString('latin1').split('\n'));
}

function headFrom(items: readonly string[]): ResponseHead {
  const [id = '', status = '', reason = ''] = items;
  if (items.length < 3 || id.length !== ID_LENGTH)
    throw new MalformedError('no valid response head');
  if (!/^[1-9]\d\d$/.test(status)) throw new MalformedError('no valid status');
  return { id, status: Number(status), reason, fields: fieldsFrom(items, 3) };
}

export function encodeFailure(failure: Failure): string {
  const line = failure.detail.replace(/[^\x20-\x7e]/g, '?').slice(0, 1000);
  return textRecord(RECORD.failure, `${failure.id}\n${failure.code}\n${line}`);
}

const FAILURE_CODES = new Set<string>(Object.values(FAILURE));

export function decodeFailure(payload: Bytes): Failure {
  const [id = '', code = '', detail = ''] = payload.toString('latin1').split('\n');
  if (id.length !== ID_LENGTH || !FAILURE_CODES.has(code))
    throw new MalformedError('no valid FAILURE');
  return { id, code: code as FailureCode, detail };
}

/** END with trailers: names and values in turn. */
export function encodeEnd(trailers: readonly string[]): string {
  return textRecord(RECORD.end, trailers.join('\n'));
}

export function decodeEnd(payload: Bytes): string[] {
  return payload.length === 0 ? [] : fieldsFrom(payload.toString('latin1').split('\n'), 0);
}

export function encodeAbort(reason: string): string {
  return textRecord(RECORD.abort, reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 1000));
}

export function encodeResult(id: string, outcome: Outcome): string {
  return textRecord(RECORD.result, id + String.fromCharCode(outcome));
}

export function decodeResult(payload: Bytes): { id: string; outcome: Outcome } {
  const outcome = payload[ID_LENGTH];
  if (payload.length !== ID_LENGTH + 1 || (outcome !== 1 && outcome !== 2)) {
    throw new MalformedError('no valid RESULT');
  }
  return { id: payload.toString('latin1', 0, ID_LENGTH), outcome };
}
