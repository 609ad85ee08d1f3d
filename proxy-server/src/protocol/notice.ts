import { type Bytes, readUint32, uint32 } from './bytes.ts';
import { ID_LENGTH } from './ids.ts';
import { MalformedError } from './malformed.ts';
import { RECORD, textRecord } from './record.ts';

/** Why an exchange was cancelled. */
export const CANCEL_REASON = {
  callerGone: 'caller_gone',
  timeout: 'response_timeout',
  sessionLost: 'session_lost',
} as const;

export type CancelReason = (typeof CANCEL_REASON)[keyof typeof CANCEL_REASON];

export function encodeCancel(id: string, reason: CancelReason): string {
  return textRecord(RECORD.cancel, id + reason);
}

/** An unknown reason counts as a caller that left: what the agent has to do is the same. */
export function decodeCancel(payload: Bytes): { id: string; reason: CancelReason } {
  const text = payload.toString('latin1');
  if (text.length < ID_LENGTH) throw new MalformedError('CANCEL has no id');
  const reason = Object.values(CANCEL_REASON).find((known) => known === text.slice(ID_LENGTH));
  return { id: text.slice(0, ID_LENGTH), reason: reason ?? CANCEL_REASON.callerGone };
}

/** Tells how many exchanges wait beyond those in this answer. */
export function encodeWaiting(count: number): string {
  return textRecord(RECORD.waiting, uint32(count));
}

export function decodeWaiting(payload: Bytes): number {
  if (payload.length !== 4) throw new MalformedError('WAITING is not four bytes');
  return readUint32(payload, 0);
}

/** `by` names the software of the agent that has the code now. */
export function encodeTakenOver(by: string): string {
  return textRecord(RECORD.takenOver, by.replace(/[^\x20-\x7e]/g, '?').slice(0, 200));
}

export function encodeDraining(): string {
  return textRecord(RECORD.draining, '');
}

export function encodeAcknowledge(ids: readonly string[]): string {
  return textRecord(RECORD.acknowledge, ids.join(''));
}

export function decodeAcknowledge(payload: Bytes): string[] {
  if (payload.length % ID_LENGTH !== 0) throw new MalformedError('ACKNOWLEDGE cuts an id in two');
  const text = payload.toString('latin1');
  const ids: string[] = [];
  for (let at = 0; at < text.length; at += ID_LENGTH) ids.push(text.slice(at, at + ID_LENGTH));
  return ids;
}
