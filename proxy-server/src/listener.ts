import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Limits, TlsOptions } from './config/limits.ts';

/** Idle keep-alive connections are kept longer than common load balancers keep theirs (60 s). */
const KEEP_ALIVE_MS = 75_000;

/**
 * A connection that is silent for so long is asked for a sign of life, in milliseconds: a stream may
 * have nothing to say for hours, and who has gone without a word, or sent FIN and gone, is to be noticed.
 */
const PROBE_MS = 20_000;

/** The server that callers and agents connect to, with TLS if it has a certificate. HTTP/1.1 alone. */
export function createListener(limits: Limits, tls: TlsOptions | undefined): Server | SecureServer {
  const options: ServerOptions = {
    maxHeaderSize: limits.maxHead,
    // Checked at the edge: Node would answer before the problem could be told as one.
    requireHostHeader: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: limits.headTimeout * 1000,
    // Uploads live by progress, not by a total.
    requestTimeout: 0,
    connectionsCheckingInterval: 1000,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_MS,
  };
  const server =
    tls === undefined
      ? createServer(options)
      : createSecureServer({
          ...options,
          ...secureOptions(tls),
          handshakeTimeout: limits.headTimeout * 1000,
          ALPNProtocols: ['http/1.1'],
          // As a server without TLS has them by itself.
          allowHalfOpen: true,
          noDelay: true,
        });
  // Node would cut further fields off silently; the edge counts them.
  server.maxHeadersCount = 0;
  // Node would drop whoever sends FIN; `onInputEnd` tells those who wait from those who left.
  Object.assign(server, { httpAllowHalfOpen: true });
  return server;
}

/**
 * Calls back for each connection on which HTTP is about to be spoken: after the TLS handshake if
 * there is one, and once more for a connection that comes back from an upgrade.
 */
export function onHttpConnection(
  server: Server | SecureServer,
  callback: (socket: Socket) => void,
): void {
  server.on(server instanceof SecureServer ? 'secureConnection' : 'connection', callback);
}

/** Has new connections use this certificate. Throws if it cannot be used; nothing changes then. */
export function replaceCertificate(server: Server | SecureServer, tls: TlsOptions): void {
  if (server instanceof SecureServer) server.setSecureContext(secureOptions(tls));
}

/** Older versions than 1.2 are broken (RFC 8996). */
function secureOptions({ cert, key }: TlsOptions): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** Connections that have not asked for anything yet: Node does not count them as idle. */
export class UnusedConnections {
  readonly #ready = new Set<Socket>();
  /** Those whose TLS handshake is not over, by the other end's address. Node counts them nowhere. */
  readonly #shaking = new Map<string, Socket>();
  readonly #forget: (this: Socket) => void;

  constructor(server: Server | SecureServer) {
    const ready = this.#ready;
    this.#forget = function forget(this: Socket): void {
      ready.delete(this);
    };
    if (server instanceof SecureServer) {
      server.on('connection', (socket: Socket) => this.#shake(socket));
      server.on('secureConnection', (socket: Socket) => this.#shaking.delete(otherEnd(socket)));
    }
    onHttpConnection(server, (socket) => this.#add(socket));
  }

  /** A request came on that connection. */
  used(socket: Socket): void {
    this.#ready.delete(socket);
  }

  destroy(): void {
    for (const socket of this.#ready) socket.destroy();
    for (const socket of this.#shaking.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    this.#ready.add(socket);
    socket.off('close', this.#forget);
    socket.once('close', this.#forget);
  }

  #shake(socket: Socket): void {
    const end = otherEnd(socket);
    this.#shaking.set(end, socket);
    socket.once('close', () => {
      // The same address may have connected anew.
      if (this.#shaking.get(end) === socket) this.#shaking.delete(end);
    });
  }
}

function otherEnd(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
