import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import type { Rig, RunningTunnel } from './rig.ts';
import { within } from './waiting.ts';

/** Largest message that the ends take, in bytes. */
const SIZE_LIMIT = 64 * 1024 * 1024;

/** A server of ws that sends back what it gets. */
export async function wsTarget(
  rig: Rig,
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<{ targetPort: number; server: WebSocketServer; http: Server }> {
  const http = createServer((_request, response) => response.end('plain'));
  const server = new WebSocketServer({ server: http, maxPayload: SIZE_LIMIT, ...options });
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    socket.on('message', (message, binary) => socket.send(message, { binary }));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  rig.onEnd(() => {
    for (const socket of server.clients) socket.terminate();
    http.close();
    http.closeAllConnections();
  });
  return { targetPort: (http.address() as AddressInfo).port, server, http };
}

/** A target that gets the bare connection with each upgrade. */
export async function bareTarget(
  rig: Rig,

  onUpgrade: (socket: Duplex, request: IncomingMessage) => void,
): Promise<number> {
  const http = createServer();
  const sockets = new Set<Duplex>();
  http.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onUpgrade(socket, request);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  rig.onEnd(() => {
    http.close();
    for (const socket of sockets) socket.destroy();
    http.closeAllConnections();
  });
  return (http.address() as AddressInfo).port;
}

/** Where callers find a tunnel. */
type Entrance = Pick<RunningTunnel, 'port' | 'base'>;

export function dial(
  rig: Rig,

  { port, base }: Entrance,
  protocols: string[] = [],
  options: ClientOptions = {},
): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${base}/chat?a=1`, protocols, {
    maxPayload: SIZE_LIMIT,
    perMessageDeflate: false,
    ...options,
  });
  socket.on('error', () => undefined);
  rig.onEnd(() => socket.terminate());
  return socket;
}

export async function opened(...args: Parameters<typeof dial>): Promise<WebSocket> {
  const socket = dial(...args);
  await within(5_000, 'open WebSocket', once(socket, 'open'));
  return socket;
}

/** A caller that has its 101, and is paused: what follows is bytes. */
export async function bareCaller(rig: Rig, { port, base }: Entrance, path = '/'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  rig.onEnd(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(
    `GET ${base}${path} HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  const head = new Promise<string>((resolve) => {
    let got = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      got = Buffer.concat([got, chunk]);
      const end = got.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', take).pause();
      socket.unshift(got.subarray(end + 4));
      resolve(got.toString('latin1', 0, end));
    };
    socket.on('data', take);
  });
  assert.match(await within(5_000, 'head', head), /^HTTP\/1\.1 101 /);
  return socket;
}

export const ACCEPTED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

/** What the agent's command line says of the exchange with that number. */
export async function exchangeLine(
  { agent }: RunningTunnel,
  number = 0,
): Promise<Record<string, unknown>> {
  let found = 0;
  return await agent.find('line of an exchange', ({ text }) => {
    const line = JSON.parse(text) as Record<string, unknown>;
    if (line['event'] !== 'exchange') return undefined;
    found += 1;
    return found > number ? line : undefined;
  });
}

/** Resolves when the connection is closed, cleanly or not. */
export function closed(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}
