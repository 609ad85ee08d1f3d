import type { Problem, ResponseHead } from '../protocol/index.ts';

/**
 * The caller's side of an exchange, as the edge offers it. Nothing here throws: what the caller
 * cannot be given ends the connection, and the exchange hears of it.
 */
export interface Caller {
  /** Forwards an informational response (1xx). */
  inform(head: ResponseHead): void;
  /** Answers whole. Returns whether the answer could be handed to the connection. */
  respond(head: ResponseHead, body: Buffer): boolean;
  /** Begins an answer whose body follows in pieces. Returns whether it could. */
  start(head: ResponseHead): boolean;
  /** Sends a piece of the body. False: wait for `onDrain` before the next. */
  write(piece: Buffer): boolean;
  /** Calls back once, when there is room again; at once if there is. */
  onDrain(callback: () => void): void;
  /** Completes the body. Returns whether it was as long as it had to be. */
  end(trailers: readonly string[]): boolean;
  /** Breaks the connection off, so that nobody takes the body for complete. */
  breakOff(): void;
  /** Answers 202: an agent has the request, and no answer of the target's will follow. */
  accept(id: string): void;
  /** Answers with a problem of the proxy's own. Only before anything else was sent. */
  fail(problem: Problem): void;
}
