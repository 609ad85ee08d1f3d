import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { type RunningTunnel, useRig } from './support/rig.ts';
import { CERTIFICATE, TLS, tunnelTo } from './support/target-tunnel.ts';
import { within } from './support/waiting.ts';
import { opened } from './support/websocket.ts';

describe('a WebSocket', () => {
  const rig = useRig();

  /** Has a server echo what WebSockets bring. Resolves with its port, 0 on a Unix socket. */
  async function echo(server: Server, where: ListenOptions): Promise<number> {
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => {
      socket.on('error', () => socket.terminate());
      socket.on('message', (message, binary) => socket.send(message, { binary }));
    });
    await new Promise<void>((resolve) => server.listen(where, resolve));
    rig().onEnd(() => {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    });
    const address = server.address() as AddressInfo | string;
    return typeof address === 'string' ? 0 : address.port;
  }

  async function passes(tunnel: RunningTunnel): Promise<void> {
    const socket = await opened(rig(), tunnel);
    const said = once(socket, 'message');
    socket.send('hello');
    const [message] = (await within(5_000, 'message', said)) as [Buffer];
    assert.equal(message.toString(), 'hello');
    const end = once(socket, 'close');
    socket.close(4001, 'enough');
    const [code] = (await within(5_000, 'close', end)) as [number];
    assert.equal(code, 4001);
  }

  it('reaches a target that speaks TLS', async () => {
    const port = await echo(createSecureServer(TLS), { host: '127.0.0.1', port: 0 });
    await passes(await tunnelTo(rig(), `https://localhost:${port}`, ['--target-ca', CERTIFICATE]));
  });

  it('reaches a target on a Unix socket', async () => {
    const path = join(rig().folder(), 'app.sock');
    await echo(createServer(), { path });
    await passes(await tunnelTo(rig(), `unix:${path}`));
  });
});
