import type { IncomingMessage } from 'node:http';

/** Whether a part of the request's body may still arrive: the connection is of no further use then. */
export function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || Number(length ?? 0) > 0;
}
