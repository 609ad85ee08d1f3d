import type { ServerResponse } from 'node:http';

/** Node writes a string of up to 16 KiB without allocating; above that, copying costs more. */
const ONE_WRITE = 15 * 1024;

/**
 * Ends a response with bytes. Head and a small body leave in one write: as Latin-1 text, which is
 * the same bytes, Node joins them; as a byte array the body would take a vectored write of its own.
 */
export function endWith(response: ServerResponse, body: Buffer): void {
  if (body.length <= ONE_WRITE) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}
