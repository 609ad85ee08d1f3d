import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** How long a connection may take to go after its last answer, in milliseconds. */
const LINGER_MS = 2_000;

/** Closes a connection after these last bytes, and sees to it that it goes. */
export function closeGently(socket: Socket, last = ''): void {
  socket.end(last, 'utf8');
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.on('close', () => clearTimeout(timer));
}

/**
 * Breaks a connection off so that its peer cannot take that for an end: a plain close would look
 * like one where the bytes have no framing.
 */
export function resetSocket(socket: Socket): void {
  // Only TCP itself has resets; without a family it is a local socket, or closed already.
  if (socket instanceof TLSSocket || socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
