import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import { call } from './support/caller.ts';
import { useRig } from './support/rig.ts';
import { until, within } from './support/waiting.ts';
import { dial, exchangeLine, opened, wsTarget } from './support/websocket.ts';

/** A message and whether it was binary. */
type Message = readonly [Buffer, boolean];

function bytesOf(message: RawData): Buffer {
  if (Array.isArray(message)) return Buffer.concat(message);
  return Buffer.isBuffer(message) ? message : Buffer.from(message);
}

async function nextMessage(socket: WebSocket, ms = 5_000): Promise<Message> {
  const [message, binary] = (await within(ms, 'message', once(socket, 'message'))) as [
    RawData,
    boolean,
  ];
  return [bytesOf(message), binary];
}

async function closeOf(socket: WebSocket | undefined): Promise<[number, string]> {
  assert.ok(socket !== undefined);
  const [code, reason] = (await within(5_000, 'close', once(socket, 'close'))) as [number, Buffer];
  return [code, reason.toString()];
}

describe('WebSockets', () => {
  const rig = useRig();

  it('choose a sub-protocol, and carry text and binary messages of all sizes', async () => {
    const { targetPort, server } = await wsTarget(rig(), {
      handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
    });
    const requests: IncomingMessage[] = [];
    server.on('connection', (_socket, request) => requests.push(request));
    const socket = await opened(rig(), await rig().tunnel({ targetPort }), ['chat.v1', 'chat.v2'], {
      headers: { 'X-Own': 'é' },
    });
    assert.equal(socket.protocol, 'chat.v2');
    assert.equal(requests[0]?.url, '/chat?a=1');
    assert.equal(requests[0].headers['x-own'], 'é');
    assert.equal(requests[0].headers.host, `127.0.0.1:${targetPort}`);
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      const sent = randomBytes(size);
      socket.send(sent);
      assert.deepEqual(await nextMessage(socket), [sent, true]);
    }
    socket.send('Grüße ☃');
    assert.deepEqual(await nextMessage(socket), [Buffer.from('Grüße ☃'), false]);
  });

  it('carry messages of 16 MiB, at the pace of the slower end', async () => {
    const { targetPort } = await wsTarget(rig());
    const socket = await opened(rig(), await rig().tunnel({ targetPort }));
    const sent = randomBytes(16 * 1024 * 1024);
    socket.send(sent);
    const [got] = await nextMessage(socket, 15_000);
    assert.ok(got.equals(sent));
  });

  it('carry a message in fragments, with a ping between them', async () => {
    const { targetPort, server } = await wsTarget(rig());
    const pings: string[] = [];
    server.on('connection', (other) => other.on('ping', (text) => pings.push(text.toString())));
    const socket = await opened(rig(), await rig().tunnel({ targetPort }));
    const pong = once(socket, 'pong');
    socket.send('one ', { fin: false });
    socket.ping('here?');
    const [text] = (await within(5_000, 'pong', pong)) as [Buffer];
    assert.equal(text.toString(), 'here?');
    assert.deepEqual(pings, ['here?']);
    socket.send('two ', { fin: false });
    socket.send('three', { fin: true });
    assert.equal((await nextMessage(socket))[0].toString(), 'one two three');
  });

  it('bring the target’s pings to the caller', async () => {
    const { targetPort, server } = await wsTarget(rig());
    const pong = new Promise<string>((resolve) => {
      server.on('connection', (other) => {
        other.on('pong', (text) => resolve(text.toString()));
        other.ping('and you?');
      });
    });
    await opened(rig(), await rig().tunnel({ targetPort }));
    assert.equal(await within(5_000, 'pong', pong), 'and you?');
  });

  it('tell the close code and the reason in both directions', async () => {
    const { targetPort, server } = await wsTarget(rig());
    const tunnel = await rig().tunnel({ targetPort });
    const mine = await opened(rig(), tunnel);
    const [first] = server.clients;
    const seen = [closeOf(first), closeOf(mine)];
    mine.close(4001, 'enough');
    assert.deepEqual(await Promise.all(seen), [
      [4001, 'enough'],
      [4001, 'enough'],
    ]);

    const theirs = await opened(rig(), tunnel);
    const [second] = server.clients;
    second?.close(4002, 'good-bye');
    assert.deepEqual(await closeOf(theirs), [4002, 'good-bye']);
    const lines = [await exchangeLine(tunnel), await exchangeLine(tunnel, 1)];
    for (const line of lines) {
      assert.equal(line['status'], 101);
      assert.equal(line['outcome'], 'replied');
      assert.equal(line['path'], '/chat');
    }
  });

  it('leave compression to the two ends', async () => {
    const { targetPort } = await wsTarget(rig(), { perMessageDeflate: { threshold: 0 } });
    const tunnel = await rig().tunnel({ targetPort });
    const socket = await opened(rig(), tunnel, [], { perMessageDeflate: { threshold: 0 } });
    assert.match(socket.extensions, /permessage-deflate/);
    const sent = Buffer.alloc(1_000_000, 'the same again; ');
    socket.send(sent);
    assert.ok((await nextMessage(socket))[0].equals(sent));
    const plain = await opened(rig(), tunnel);
    assert.equal(plain.extensions, '');
  });

  it('are a thousand at once, with room for other requests beside them', async function () {
    this.timeout(60_000);
    const { targetPort, server } = await wsTarget(rig());
    const tunnel = await rig().tunnel({ targetPort });
    const sockets: WebSocket[] = [];
    for (let count = 0; count < 1_000; count += 50) {
      sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => opened(rig(), tunnel)))));
    }
    assert.equal(server.clients.size, 1_000);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        call(tunnel.port, { method: 'GET', path: `${tunnel.base}/`, fields: [], body: '' }),
      ),
    );
    for (const { status, body } of answers)
      assert.deepEqual([status, String(body)], [200, 'plain']);
    const echoes = sockets.map(async (socket, at) => {
      const sent = createHash('sha256').update(String(at)).digest();
      socket.send(sent);
      assert.deepEqual((await nextMessage(socket, 20_000))[0], sent);
    });
    await Promise.all(echoes);
    const closed = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.close();
    await within(20_000, 'end of all', Promise.all(closed));
    await until(() => server.clients.size === 0, 'end of all at the target');
  });

  it('get the target’s refusal as it is', async () => {
    const { targetPort } = await wsTarget(rig(), {
      verifyClient: (
        _info,
        answer: (ok: boolean, code: number, text: string, head: OutgoingHttpHeaders) => void,
      ) => answer(false, 403, 'members only', { 'X-Why': 'no' }),
    });
    const socket = dial(rig(), await rig().tunnel({ targetPort }));
    const [, response] = (await within(5_000, 'refusal', once(socket, 'unexpected-response'))) as [
      unknown,
      IncomingMessage,
    ];
    assert.equal(response.statusCode, 403);
    assert.equal(response.headers['x-why'], 'no');
    assert.equal(response.headers['caronte-error'], undefined);
    response.setEncoding('latin1');
    const [text] = (await once(response, 'data')) as [string];
    assert.equal(text, 'members only');
  });

  it('that the target cannot be asked for fail with a problem', async () => {
    const { proxy, port } = await rig().proxy(['--agent-wait', '1']);
    assert.ok(proxy.isRunning);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/forward/nobody/`);
    socket.on('error', () => undefined);
    const [, response] = (await within(5_000, 'refusal', once(socket, 'unexpected-response'))) as [
      unknown,
      IncomingMessage,
    ];
    assert.equal(response.statusCode, 503);
    assert.equal(response.headers['caronte-error'], 'no_agent');
    response.destroy();
  });

  it('work although the agent sends no replies', async () => {
    const { targetPort } = await wsTarget(rig());
    const socket = await opened(rig(), await rig().tunnel({ targetPort, sendReply: false }));
    socket.send('live');
    assert.equal((await nextMessage(socket))[0].toString(), 'live');
  });
});
