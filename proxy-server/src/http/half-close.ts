import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A FIN within this time of the request's last byte, in milliseconds, says "that was all" and not
 * "I am gone". A program that half-closes does so right after it has written; one that gives up
 * does so later. Measured by the proxy's clock, so that both stand in the same queue.
 */
export const HALF_CLOSE_MS = 50;

/** What a caller's FIN means for what the proxy still owes it. */
export type EndOfInput =
  /** Everything was answered. */
  | 'idle'
  /** The caller has nothing more to say, and waits for its answer. */
  | 'half_closed'
  | 'left';

/** `sinceWholeMs`: since the last request was complete; undefined if nobody told. */
export function meaningOfEnd(owes: boolean, sinceWholeMs: number | undefined): EndOfInput {
  if (!owes) return 'idle';
  return sinceWholeMs !== undefined && sinceWholeMs <= HALF_CLOSE_MS ? 'half_closed' : 'left';
}

const WHOLE_AT = Symbol('when the request was complete');

type TimedRequest = IncomingMessage & { [WHOLE_AT]?: number };

/** Notes that a caller's request is complete. Without this a FIN always means departure. */
export function noteWhole(request: IncomingMessage, at: number): void {
  (request as TimedRequest)[WHOLE_AT] = at;
}

/**
 * Ends what a connection's FIN puts an end to. Node waits on by itself with `httpAllowHalfOpen`, and
 * closes after the last answer. `latest` is the last response on the connection.
 */
export function onInputEnd(socket: Socket, latest: ServerResponse | undefined, now: number): void {
  if (latest === undefined) return;
  // What was written whole may still be on its way; a response without a socket waits for its turn.
  const given = latest.writableFinished || (latest.writableEnded && latest.socket !== null);
  const whole = (latest.req as TimedRequest)[WHOLE_AT];
  const since = whole === undefined ? undefined : now - whole;
  if (meaningOfEnd(!given, since) === 'left') socket.destroy();
}
