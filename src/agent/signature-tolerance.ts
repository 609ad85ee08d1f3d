import { fieldValue } from 'caronte-proxy/protocol';

/** How long after it was signed a sender's own libraries take a request for genuine. */
export interface SignatureTolerance {
  /** Whose signature it is, or whose form. */
  readonly sender: string;
  readonly seconds: number;
}

/** Who signs the time as well: the fields that tell, in lower case, all of which have to be there. */
const SENDERS: readonly (SignatureTolerance & { readonly fields: readonly string[] })[] = [
  { sender: 'Stripe', seconds: 300, fields: ['stripe-signature'] },
  { sender: 'Slack', seconds: 300, fields: ['x-slack-signature', 'x-slack-request-timestamp'] },
  {
    sender: 'Standard Webhooks',
    seconds: 300,
    fields: ['webhook-signature', 'webhook-timestamp'],
  },
  // The same by the names that it had before it was a standard.
  { sender: 'Standard Webhooks', seconds: 300, fields: ['svix-signature', 'svix-timestamp'] },
];

/**
 * The time within which a target has to get the request, told from the names of its fields (names and
 * values in turn); undefined if its signature, should it have one, stays good.
 */
export function signatureTolerance(fields: readonly string[]): SignatureTolerance | undefined {
  const found = SENDERS.find(({ fields: names }) =>
    names.every((name) => fieldValue(fields, name) !== undefined),
  );
  return found && { sender: found.sender, seconds: found.seconds };
}

/** The shortest of all: a younger request has no signature that is too old. */
export const LEAST_TOLERANCE_SECONDS = Math.min(...SENDERS.map(({ seconds }) => seconds));
