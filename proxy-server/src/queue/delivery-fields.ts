import { FIELD } from '../protocol/index.ts';

/** Tells the target which delivery of which request it has before it. */
export function deliveryFields(id: string, attempt: number): string[] {
  return [FIELD.delivery, id, FIELD.attempt, String(attempt)];
}

/** The same for a queued request; `receivedAt` is in milliseconds since 1970. */
export function queuedFields(id: string, attempt: number, receivedAt: number): string[] {
  return [
    ...deliveryFields(id, attempt),
    FIELD.queued,
    '1',
    FIELD.received,
    new Date(receivedAt).toISOString(),
  ];
}
