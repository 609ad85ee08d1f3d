import type { ServerResponse } from 'node:http';
import { hasUnreadBody } from './unread.ts';

/** How long, and how much, an upload may go on after its answer. */
const LINGER_MS = 5_000;
const LINGER_BYTES = 64 * 1024 * 1024;

/**
 * Ends a response whose head and body are written. If the request's body is still arriving, it is
 * read and dropped first, within bounds: a caller that sends everything before it reads would find
 * the connection reset, and the answer gone (RFC 9112 section 9.6).
 */
export function finishResponse(response: ServerResponse): void {
  const request = response.req;
  if (!hasUnreadBody(request)) {
    response.end();
    request.resume();
    return;
  }
  let dropped = 0;
  const end = (): void => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
  };
  const timer = setTimeout(end, LINGER_MS).unref();
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > LINGER_BYTES) end();
  });
  request.on('end', end);
  request.on('close', end);
  request.resume();
}
