import type { ServerResponse } from 'node:http';
import type { Problem } from '../protocol/index.ts';
import { closeGently } from './close-socket.ts';

const BROKEN = Symbol('the body of the request is not valid');

/** Calls back if the request's body turns out not to be HTTP: nothing more of it will come. */
export function onBrokenBody(response: ServerResponse, callback: (problem: Problem) => void): void {
  response.once(BROKEN, callback);
}

/**
 * Tells whoever handles the request, who answers if nothing was answered yet, and closes the
 * connection. Where nobody listens it just closes: nobody else may write into it.
 */
export function breakBody(response: ServerResponse, problem: Problem): void {
  response.emit(BROKEN, problem);
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  if (!response.headersSent) return void socket.destroy();
  // The end of an early answer waits for the end of the body, see `finishResponse`.
  if (response.chunkedEncoding && !response.writableEnded) response.end();
  closeGently(socket);
}
