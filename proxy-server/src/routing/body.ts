import type { BodyForm } from '../protocol/index.ts';

/** Takes a body as it arrives. */
export interface BodySink {
  /** False: send no more until {@link RequestBody.resume}. */
  write(piece: Buffer): boolean;
  end(trailers: readonly string[]): void;
  /** The body breaks off; it must not look complete to whoever reads it. */
  abort(reason: string): void;
}

/** Reads beside the one that streams the body. What its `write` returns says nothing. */
export interface SideReader extends BodySink {
  /** False: the body is to wait. */
  readonly ready: boolean;
}

/**
 * For whom a body that is on its way waits: for its source, or for whoever reads it. Only the reader's
 * turn counts against the time in which an answer has to begin, anew with whatever was handed on.
 */
export type Turn = 'source' | 'reader';

/** The body of a caller's request. */
export interface RequestBody {
  /** Settled once the exchange is offered to a route. */
  readonly form: BodyForm;
  /** The whole body if the form is `inline`, else empty. */
  readonly bytes: Buffer;
  /** Whether all of it has been handed on. */
  readonly finished: boolean;
  /** Streams the body; possible once. Returns false if it was read before. */
  stream(sink: BodySink): boolean;
  /** What the reader gets, this one gets as well. For a body in pieces that has not been streamed yet. */
  tee(beside: SideReader): void;
  /** A reader beside is ready again. */
  onReady(): void;
  resume(): void;
  /** Whoever read it is gone or has no use for the rest: what still arrives is dropped. */
  discard(): void;
}
