import { decodeResult, OUTCOME, RECORD, RecordDecoder } from 'caronte-proxy/protocol';

/** What became of a reply: the caller has it, or the reason why not. */
export type Sent =
  { readonly kind: 'delivered' } | { readonly kind: 'gone'; readonly detail: string };

/** Who wants to know that. An object and not a callback, which would be made for each reply. */
export interface ReplyWaiter {
  /** Called once. */
  onSent(sent: Sent): void;
}

export const DELIVERED: Sent = { kind: 'delivered' };
export const CALLER_GONE: Sent = { kind: 'gone', detail: 'the caller is gone' };

/** The ids of the replies that reached their callers. Throws MalformedError. */
export function readResults(answer: Buffer): Set<string> {
  const delivered = new Set<string>();
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.allocUnsafe(size),
    onRecord: (type, payload) => {
      if (type !== RECORD.result) return;
      const { id, outcome } = decodeResult(payload);
      if (outcome === OUTCOME.delivered) delivered.add(id);
    },
    onData: () => undefined,
  });
  decoder.push(answer);
  decoder.finish();
  return delivered;
}
