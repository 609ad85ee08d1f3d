import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { jsonLine } from './support/json-lines.ts';
import { type Rig, useRig } from './support/rig.ts';
import { within } from './support/waiting.ts';
import { wsTarget } from './support/websocket.ts';

const CERTIFICATES = new URL('../../proxy-server/test/support/certificates/', import.meta.url);
const CERTIFICATE = fileURLToPath(new URL('first.pem', CERTIFICATES));
const KEY = fileURLToPath(new URL('first.key', CERTIFICATES));
const HOST = 'orders.example.dev';

/** A proxy with TLS and a domain, and an agent that trusts its certificate alone. */
async function tunnel(rig: Rig, targetPort: number): Promise<number> {
  const tls = ['--tls-cert', CERTIFICATE, '--tls-key', KEY, '--domain', 'example.dev'];
  const { port } = await rig.proxy(tls);
  const to = ['--proxy-url', `https://localhost:${port}`, '--proxy-ca', CERTIFICATE];
  const target = ['--code', 'orders', '--target-port', String(targetPort)];
  const agent = rig.caronte(['agent', ...to, ...target, '--send-reply', '--log-format', 'json']);
  await jsonLine(agent, { event: 'state', state: 'live' });
  return port;
}

/** Opens a WebSocket to the tunnel's own origin, which DNS would lead here. */
async function opened(rig: Rig, port: number): Promise<WebSocket> {
  const agent = new Agent({
    ca: readFileSync(CERTIFICATE),
    lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const origin = `https://${HOST}:${port}`;
  const socket = new WebSocket(`wss://${HOST}:${port}/chat?a=1`, ['chat'], { agent, origin });
  rig.onEnd(() => socket.terminate());
  await within(5_000, 'open WebSocket', once(socket, 'open'));
  return socket;
}

async function closeOf(socket: WebSocket | undefined): Promise<[code: number, reason: string]> {
  assert.ok(socket !== undefined);
  const [code, reason] = (await within(5_000, 'close', once(socket, 'close'))) as [number, Buffer];
  return [code, String(reason)];
}

describe('a WebSocket over TLS by host name', () => {
  const rig = useRig();

  it('carries messages, and tells the target where the caller called', async () => {
    const { targetPort, server } = await wsTarget(rig());
    const requests: IncomingMessage[] = [];
    server.on('connection', (_socket, request) => requests.push(request));
    const port = await tunnel(rig(), targetPort);
    const socket = await opened(rig(), port);
    assert.equal(socket.protocol, 'chat');
    for (const size of [0, 125, 65_536, 3_000_000]) {
      const sent = randomBytes(size);
      const said = once(socket, 'message');
      socket.send(sent);
      assert.deepEqual(await within(5_000, 'message', said), [sent, true]);
    }
    const [request] = requests;
    assert.equal(request?.url, '/chat?a=1');
    assert.equal(request.headers.origin, `https://${HOST}:${port}`);
    assert.equal(request.headers['x-forwarded-proto'], 'https');
    assert.equal(request.headers['x-forwarded-host'], `${HOST}:${port}`);
    assert.equal(request.headers['x-forwarded-prefix'], undefined);
  });

  it('is closed by either end with the code and the reason that it says', async () => {
    const { targetPort, server } = await wsTarget(rig());
    const port = await tunnel(rig(), targetPort);
    const mine = await opened(rig(), port);
    const seen = [closeOf([...server.clients][0]), closeOf(mine)];
    mine.close(4001, 'enough');
    assert.deepEqual(await Promise.all(seen), [
      [4001, 'enough'],
      [4001, 'enough'],
    ]);
    const theirs = await opened(rig(), port);
    const end = closeOf(theirs);
    [...server.clients][0]?.close(4002, 'good-bye');
    assert.deepEqual(await end, [4002, 'good-bye']);
  });
});
