import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Limits } from '../config/limits.ts';
import { onBrokenBody } from '../http/index.ts';
import type { Exchange } from '../routing/index.ts';
import { checkTrailers } from './check.ts';

/**
 * Fails the exchange for what is wrong with a body in chunks; no other has a syntax, or trailers. To
 * be called before the body's own listeners are there: what was refused hands no trailers on.
 */
export function watchChunks(
  request: IncomingMessage,
  response: ServerResponse,
  limits: Limits,
  exchange: Exchange,
): void {
  if (request.headers['transfer-encoding'] === undefined) return;
  onBrokenBody(response, (problem) => exchange.fail(problem));
  request.on('end', () => {
    const problem = checkTrailers(request, limits);
    if (problem !== undefined) exchange.fail(problem);
  });
}
