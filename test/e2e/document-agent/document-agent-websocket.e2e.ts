import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { pastHalfClose, until, within } from '../support/waiting.ts';
import { useRig } from '../support/rig.ts';
import {
  ACCEPTED,
  bareCaller,
  bareTarget,
  closed,
  dial,
  opened,
  wsTarget,
} from '../support/websocket.ts';
import { startDocumentAgent } from './start.ts';

async function messageOf(socket: WebSocket): Promise<[bytes: Buffer, binary: boolean]> {
  return (await within(5_000, 'message', once(socket, 'message'))) as [Buffer, boolean];
}

async function closeOf(socket: WebSocket | undefined): Promise<[code: number, reason: string]> {
  assert.ok(socket !== undefined);
  const [code, reason] = (await within(5_000, 'close', once(socket, 'close'))) as [number, Buffer];
  return [code, String(reason)];
}

describe('a WebSocket through an agent written from docs/protocol.md alone', () => {
  const rig = useRig();

  it('has its sub-protocol, and carries text, binary and fragmented messages', async () => {
    const { targetPort, server } = await wsTarget(rig(), {
      handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
    });
    const tunnel = await startDocumentAgent(rig(), targetPort);
    const socket = await opened(rig(), tunnel, ['chat.v1', 'chat.v2']);
    assert.equal(socket.protocol, 'chat.v2');
    socket.send('Grüße ☃');
    assert.deepEqual(await messageOf(socket), [Buffer.from('Grüße ☃'), false]);
    for (const size of [0, 1, 65_536, 2_000_000]) {
      const sent = randomBytes(size);
      socket.send(sent);
      assert.deepEqual(await messageOf(socket), [sent, true]);
    }
    const pong = once(socket, 'pong');
    socket.send('one ', { fin: false });
    socket.ping('here?');
    assert.equal(String((await within(5_000, 'pong', pong))[0]), 'here?');
    socket.send('two', { fin: true });
    assert.equal(String((await messageOf(socket))[0]), 'one two');
    const [there] = server.clients;
    const answered = once(there ?? socket, 'pong');
    there?.ping('and you?');
    assert.equal(String((await within(5_000, 'pong', answered))[0]), 'and you?');
    const end = closeOf(socket);
    socket.close();
    await end;
    await until(() => tunnel.agent.ends.size === 1, 'end of the exchange');
    await tunnel.agent.stop();
    assert.equal(tunnel.agent.ends.get('/chat?a=1'), 'delivered');
  });

  it('tells the close code and the reason in both directions', async () => {
    const { targetPort, server } = await wsTarget(rig());
    const tunnel = await startDocumentAgent(rig(), targetPort);
    const mine = await opened(rig(), tunnel);
    const seen = [closeOf([...server.clients][0]), closeOf(mine)];
    mine.close(4001, 'enough');
    assert.deepEqual(await Promise.all(seen), [
      [4001, 'enough'],
      [4001, 'enough'],
    ]);
    const theirs = await opened(rig(), tunnel);
    const end = closeOf(theirs);
    [...server.clients][0]?.close(4002, 'good-bye');
    assert.deepEqual(await end, [4002, 'good-bye']);
    await tunnel.agent.stop();
  });

  it('is refused as the target refuses it', async () => {
    const { targetPort } = await wsTarget(rig(), {
      verifyClient: (
        _info,
        answer: (ok: boolean, code: number, text: string, head: OutgoingHttpHeaders) => void,
      ) => answer(false, 401, 'who are you?', { 'WWW-Authenticate': 'Basic realm="x"' }),
    });
    const tunnel = await startDocumentAgent(rig(), targetPort);
    const socket = dial(rig(), tunnel);
    const refused = once(socket, 'unexpected-response');
    const [, response] = (await within(5_000, 'refusal', refused)) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 401);
    assert.equal(response.headers['www-authenticate'], 'Basic realm="x"');
    const [text] = (await once(response, 'data')) as [Buffer];
    assert.equal(String(text), 'who are you?');
    await tunnel.agent.stop();
    assert.equal(tunnel.agent.ends.get('/chat?a=1'), 'delivered');
  });

  it('is none if the target switches to something else', async () => {
    const targetPort = await bareTarget(rig(), (socket) => {
      socket.write(ACCEPTED.replace('websocket', 'gopher'));
    });
    const tunnel = await startDocumentAgent(rig(), targetPort);
    const refused = once(dial(rig(), tunnel), 'unexpected-response');
    const [, response] = (await within(5_000, 'refusal', refused)) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 502);
    assert.equal(response.headers['caronte-error'], 'agent_refused');
    response.destroy();
    await tunnel.agent.stop();
  });

  it('may be half-closed by either end, and brings what stood right behind the 101', async () => {
    const targetPort = await bareTarget(rig(), (socket, request) => {
      if (request.url === '/first') {
        let got = '';
        socket.on('data', (chunk: Buffer) => (got += String(chunk)));
        socket.on('end', () => heard(got));
        socket.end(`${ACCEPTED}mine is said`);
      } else {
        socket.write(ACCEPTED);
        const chunks: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.on('end', () => socket.end(Buffer.concat(chunks)));
      }
    });
    let heard: (text: string) => void = () => undefined;
    const rest = new Promise<string>((resolve) => {
      heard = resolve;
    });
    const tunnel = await startDocumentAgent(rig(), targetPort);
    const first = await bareCaller(rig(), tunnel, '/first');
    let text = '';
    first.on('data', (chunk: Buffer) => (text += String(chunk))).resume();
    await within(5_000, 'end', once(first, 'end'));
    assert.equal(text, 'mine is said');
    first.end('still here');
    assert.equal(await within(5_000, 'rest', rest), 'still here');

    const second = await bareCaller(rig(), tunnel, '/second');
    const sent = randomBytes(300_000);
    const chunks: Buffer[] = [];
    second.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
    second.end(sent);
    await within(5_000, 'end', once(second, 'end'));
    assert.ok(Buffer.concat(chunks).equals(sent));
    await until(() => tunnel.agent.ends.size === 2, 'end of both');
    await tunnel.agent.stop();
  });

  it('breaks at either end when the other one breaks, with no clean end', async () => {
    const targets: Duplex[] = [];
    const targetPort = await bareTarget(rig(), (socket) => {
      targets.push(socket);
      socket.write(ACCEPTED);
    });
    const tunnel = await startDocumentAgent(rig(), targetPort);
    const leaving = await bareCaller(rig(), tunnel, '/caller');
    const [first] = targets;
    assert.ok(first !== undefined);
    const atTarget = closed(first.resume());
    leaving.resetAndDestroy();
    await within(5_000, 'break at the target', atTarget);
    assert.equal(first.readableEnded, false);

    const staying = await bareCaller(rig(), tunnel, '/target');
    const atCaller = closed(staying.resume());
    (targets[1] as Socket).resetAndDestroy();
    await within(5_000, 'break at the caller', atCaller);
    assert.equal(staying.readableEnded, false);

    const hearing = await bareCaller(rig(), tunnel, '/end-and-break');
    const ended = once(hearing.resume(), 'end');
    (targets[2] as Socket).end();
    await within(5_000, 'end at the caller', ended);
    (targets[2] as Socket).resetAndDestroy();
    // After an end Node notices a break when it writes, at the agent as at the caller.
    await until(() => {
      if (!hearing.destroyed) hearing.write('?');
      return hearing.destroyed;
    }, 'break at the caller after its end');
    await until(() => tunnel.agent.ends.size === 3, 'end of all');
    await tunnel.agent.stop();
  });

  it('is withdrawn if the caller leaves before the target has answered', async () => {
    let asked: (socket: Duplex) => void = () => undefined;
    const atTarget = new Promise<Duplex>((resolve) => {
      asked = resolve;
    });
    const tunnel = await startDocumentAgent(rig(), await bareTarget(rig(), (each) => asked(each)));
    const socket = dial(rig(), tunnel);
    const target = await within(5_000, 'request at the target', atTarget);
    const end = once(target.resume(), 'end');
    await pastHalfClose(performance.now());
    socket.terminate();
    await within(5_000, 'end at the target', end);
    await until(() => tunnel.agent.ends.size === 1, 'end of the exchange');
    await tunnel.agent.stop();
    assert.equal(tunnel.agent.ends.get('/chat?a=1'), 'cancelled');
  });
});
