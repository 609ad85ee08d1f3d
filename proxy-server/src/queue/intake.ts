import { failPoint, type Exchange } from '../routing/index.ts';
import type { NewEntry, Spool, Store } from '../store/index.ts';
import { LOOK_AT, senderId } from './sender-id.ts';
import type { SmallBody } from './small-body.ts';

/** What became of a request that was to be kept. */
export type Kept =
  | { readonly kind: 'kept' | 'duplicate' }
  | { readonly kind: 'full' }
  /** Its body is not there any more: it broke off, or an agent has begun to read it. */
  | { readonly kind: 'gone' };

const NO_BYTES = Buffer.alloc(0);
const GONE: Kept = { kind: 'gone' };
const FULL: Kept = { kind: 'full' };

export interface KeepOptions {
  /** Deliveries that it has had. */
  readonly attempts: number;
  readonly dedupeMs: number;
  /** Its body, as far as an agent has read that. */
  readonly small: SmallBody | undefined;
}

/**
 * Puts a request on disk; resolves once it is there. Its caller hears nothing of it. Rejects if the
 * store fails.
 */
export async function keep(
  store: Store,
  exchange: Exchange,
  { attempts, dedupeMs, small }: KeepOptions,
): Promise<Kept> {
  failPoint('accepted');
  const found = await bodyOf(store, exchange, small?.bytes);
  if ('kept' in found) return found.kept;
  const { body, beginning } = found;
  const { id, code, head, receivedAt } = exchange;
  const key = dedupeMs > 0 ? senderId(head.fields, beginning) : undefined;
  const result = await store.put({
    id,
    code,
    head: {
      method: head.method,
      target: head.target,
      httpVersion: head.httpVersion,
      caller: head.caller,
      fields: head.fields,
      receivedAt,
    },
    body,
    attempts,
    ...(key !== undefined && { dedupe: { key, windowMs: dedupeMs } }),
  });
  return result.kind === 'full' ? FULL : { kind: result.kind };
}

/** A body, and as much of it as a sender's own id may stand in. */
type Found =
  { readonly body: NewEntry['body']; readonly beginning: Buffer } | { readonly kept: Kept };

function inline(bytes: Buffer): Found {
  return { body: { kind: 'inline', bytes }, beginning: bytes };
}

async function bodyOf(store: Store, exchange: Exchange, small: Buffer | undefined): Promise<Found> {
  const { form, bytes } = exchange.body;
  switch (form.kind) {
    case 'none':
      return { body: { kind: 'none' }, beginning: NO_BYTES };
    case 'inline':
      return inline(bytes);
    case 'stream':
      if (small !== undefined) return inline(small);
      return await spooled(store.spool(exchange.id, exchange.code), exchange);
    case 'upgrade':
      return { kept: GONE };
  }
}

/** Writes a body to a file of its own as it arrives, at the pace of the disk. */
async function spooled(spool: Spool, { body }: Exchange): Promise<Found> {
  let size = 0;
  const beginning: Buffer[] = [];
  const trailers = await new Promise<readonly string[] | undefined>((resolve) => {
    const began = body.stream({
      write: (piece) => {
        if (size < LOOK_AT) beginning.push(piece.subarray(0, LOOK_AT - size));
        size += piece.length;
        const room = spool.write(piece);
        // The rest would be dropped: the caller need not send it.
        if (spool.full) resolve(undefined);
        else if (!room) spool.onDrain(() => body.resume());
        return room;
      },
      end: resolve,
      abort: () => resolve(undefined),
    });
    if (!began) resolve(undefined);
  });
  if (trailers === undefined) {
    const kept = spool.full ? FULL : GONE;
    spool.discard();
    return { kept };
  }
  if ((await spool.finish()) === 'full') return { kept: FULL };
  return { body: { kind: 'spooled', size, trailers }, beginning: Buffer.concat(beginning) };
}
