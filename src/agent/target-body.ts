import type { Readable } from 'node:stream';

/** A body that is fetched as it goes. */
export interface StreamedBody {
  readonly pieces: Readable;
  /** The caller's trailers, once the pieces have ended. */
  readonly trailers: () => readonly string[];
}

/** What is sent to the target: nothing, the whole body, or one in pieces. */
export type TargetBody = Buffer | StreamedBody | null;
