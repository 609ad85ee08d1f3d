import { fieldValue } from '../protocol/index.ts';

/** Fields in which senders give an event a name of its own, which stays when they send it again. */
const FIELDS = [
  'x-github-delivery',
  'webhook-id',
  'x-shopify-webhook-id',
  'x-gitlab-event-uuid',
  'i-twilio-idempotency-token',
  'paypal-transmission-id',
];

/** Senders that say it in the body alone: the field that tells them, and the member of their JSON. */
const MEMBERS = [
  { field: 'stripe-signature', member: /"id"\s*:\s*"(evt_[A-Za-z0-9_]{1,200})"/ },
  { field: 'x-slack-signature', member: /"event_id"\s*:\s*"([A-Za-z0-9_]{1,200})"/ },
];

/** So much of a body is looked at, in bytes. */
export const LOOK_AT = 64 * 1024;

/** The sender's own name for what it sends, if it gives one. `body` may be the beginning of it. */
export function senderId(fields: readonly string[], body: Buffer): string | undefined {
  for (const name of FIELDS) {
    const value = fieldValue(fields, name);
    if (value !== undefined && value !== '') return `${name}:${value.slice(0, 256)}`;
  }
  for (const { field, member } of MEMBERS) {
    if (fieldValue(fields, field) === undefined) continue;
    const id = member.exec(body.toString('latin1', 0, LOOK_AT))?.[1];
    if (id !== undefined) return `${field}:${id}`;
  }
  return undefined;
}
