import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Whether a request opens a WebSocket (RFC 6455 section 4.1). Any other upgrade is ignored, as is
 * one in HTTP/1.0 and one whose request has a body, which would have to be read first.
 */
export function asksForWebSocket(request: IncomingMessage): boolean {
  const { headers } = request;
  if (request.method !== 'GET' || request.httpVersion !== '1.1') return false;
  if (headers['transfer-encoding'] !== undefined) return false;
  if (headers['content-length'] !== undefined && headers['content-length'] !== '0') return false;
  const wanted = headers.upgrade?.toLowerCase().split(',') ?? [];
  return wanted.some((protocol) => protocol.trim() === 'websocket');
}

/**
 * Gives a connection back to Node's server, to handle its request as if no upgrade had been asked
 * for (RFC 9110 section 7.8). With a listener for upgrades Node hands over every request that asks
 * for one, without having looked at its body; so the request is put back as bytes, less its Upgrade
 * fields, and the connection is a new one for the server.
 */
export function giveBack(
  server: Server,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  let text = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
  const raw = request.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() !== 'upgrade') text += `${raw[at]}:${raw[at + 1]}\r\n`;
  }
  // The server's listeners of the first time; it removes the others itself.
  socket.removeAllListeners('pause');
  socket.removeAllListeners('resume');
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  // Under the name that means a connection to speak HTTP on, and not one to begin TLS on.
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}
