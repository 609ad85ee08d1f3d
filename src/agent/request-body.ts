import {
  decodeEnd,
  forwardableTrailers,
  MalformedError,
  RECORD,
  RecordDecoder,
} from 'caronte-proxy/protocol';
import { Readable } from 'node:stream';
import type { StreamedBody } from './target-body.ts';

const BODY_BROKEN = 'CARONTE_BODY_BROKEN';

/** The proxy itself says that no more will come: the exchange is over for it. */
export const BODY_ABORTED = 'CARONTE_BODY_ABORTED';

/** The caller's body broke off: the target must not take what it got for the whole. */
export class BodyBrokenError extends Error {
  readonly code: string;

  constructor(detail: string, code: string = BODY_BROKEN) {
    super(detail);
    this.name = 'BodyBrokenError';
    this.code = code;
  }
}

/**
 * The body of an exchange, fetched when the target's connection is ready for it and at the target's
 * pace. Throws {@link BodyBrokenError} unless the proxy says that the body is complete.
 */
export async function* fetchBody(
  open: () => Promise<Readable>,
  onPiece: (piece: Buffer) => void,
  onComplete: (trailers: readonly string[]) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const pieces: Buffer[] = [];
  let complete = false;
  let trailers: readonly string[] = [];
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.allocUnsafe(size),
    onRecord: (type, payload) => {
      if (type === RECORD.abort) {
        const reason = payload.toString('latin1', 0, payload.length);
        throw new BodyBrokenError(reason === '' ? 'the caller broke off' : reason, BODY_ABORTED);
      }
      if (type !== RECORD.end || complete) throw new MalformedError('unexpected record in a body');
      complete = true;
      trailers = forwardableTrailers(decodeEnd(payload));
    },
    onData: (piece) => {
      if (complete) throw new MalformedError('DATA after the end of a body');
      pieces.push(piece as Buffer);
    },
  });
  for await (const chunk of await open()) {
    decoder.push(chunk as Buffer);
    for (const piece of pieces.splice(0)) {
      onPiece(piece);
      yield piece;
    }
  }
  if (!complete) throw new BodyBrokenError('the proxy broke off');
  onComplete(trailers);
}

/** The same for a target. `onComplete` is called once the agent has all of it. */
export function streamedBody(
  open: () => Promise<Readable>,
  onPiece: (piece: Buffer) => void,
  onComplete: () => void,
): StreamedBody {
  let trailers: readonly string[] = [];
  const pieces = fetchBody(open, onPiece, (those) => {
    trailers = those;
    onComplete();
  });
  return { pieces: Readable.from(pieces, { objectMode: false }), trailers: () => trailers };
}
