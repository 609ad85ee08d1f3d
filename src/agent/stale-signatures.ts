import type { QueuedRequest, QueueEntry } from 'caronte-proxy/protocol';
import type { QueueClient } from './queue-client.ts';
import {
  LEAST_TOLERANCE_SECONDS,
  type SignatureTolerance,
  signatureTolerance,
} from './signature-tolerance.ts';
import { TroubleError } from './trouble.ts';

/** Requests that are asked for at once. */
const AT_ONCE = 8;

/** The tolerance that a request has outlived at `now`, in milliseconds since 1970. */
export function staleSignature(
  { fields, receivedAt }: Pick<QueuedRequest, 'fields' | 'receivedAt'>,
  now: number,
): SignatureTolerance | undefined {
  const tolerance = signatureTolerance(fields);
  return tolerance !== undefined && isOlder(receivedAt, tolerance.seconds, now)
    ? tolerance
    : undefined;
}

/**
 * Which of the entries of a list a target would refuse for the age of their signature, by id. A list
 * has no fields: those that are old enough are asked for. Rejects with {@link TroubleError}.
 */
export async function staleSignatures(
  client: Pick<QueueClient, 'show'>,
  entries: readonly QueueEntry[],
  now: number,
): Promise<Map<string, SignatureTolerance>> {
  const stale = new Map<string, SignatureTolerance>();
  const old = entries.filter(({ receivedAt }) => isOlder(receivedAt, LEAST_TOLERANCE_SECONDS, now));
  const work = old.values();
  const ask = async (): Promise<void> => {
    for (const { id } of work) {
      const request = await unlessGone(client.show(id));
      const tolerance = request && staleSignature(request, now);
      if (tolerance !== undefined) stale.set(id, tolerance);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return stale;
}

function isOlder(receivedAt: number, seconds: number, now: number): boolean {
  return now - receivedAt > seconds * 1000;
}

/** It may have been delivered since it was listed. */
async function unlessGone(shown: Promise<QueuedRequest>): Promise<QueuedRequest | undefined> {
  try {
    return await shown;
  } catch (error) {
    if (error instanceof TroubleError && error.trouble.code === 'entry_unknown') return undefined;
    throw error;
  }
}
