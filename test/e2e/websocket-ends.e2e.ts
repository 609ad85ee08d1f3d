import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Program } from './support/program.ts';
import { useRig } from './support/rig.ts';
import { within } from './support/waiting.ts';
import {
  ACCEPTED,
  bareCaller,
  bareTarget,
  closed,
  dial,
  exchangeLine,
  wsTarget,
} from './support/websocket.ts';

describe('the end of a WebSocket', () => {
  const rig = useRig();

  it('break when the target dies', async () => {
    const program = Program.node(['--input-type=module', '-e', DYING_TARGET], {
      name: 'target',
      cwd: rig().folder(),
      env: {},
    });
    rig().add(program);
    const { text } = await program.text(/^\d+$/);
    const caller = await bareCaller(rig(), await rig().tunnel({ targetPort: Number(text) }));
    caller.resume();
    const gone = once(caller, 'end');
    await program.end('SIGKILL');
    await within(1_000, 'end of the caller’s connection', gone);
  });

  it('are gone from the target within a second of the caller’s end', async () => {
    const ends: Promise<unknown>[] = [];
    const targetPort = await bareTarget(rig(), (socket) => {
      socket.write(ACCEPTED);
      socket.resume();
      ends.push(once(socket, 'end'));
    });
    const tunnel = await rig().tunnel({ targetPort });
    const program = Program.node(
      ['--input-type=module', '-e', DYING_CALLER, String(tunnel.port), tunnel.base],
      { name: 'caller', cwd: rig().folder(), env: {} },
    );
    rig().add(program);
    await program.text(/101/);
    await program.end('SIGKILL');
    await within(1_000, 'end of the target’s connection', Promise.all(ends));
    assert.equal(ends.length, 1);
  });

  it('break at the target when the caller’s connection breaks, with no clean end', async () => {
    const errors: Promise<unknown>[] = [];
    const targetPort = await bareTarget(rig(), (socket) => {
      socket.write(ACCEPTED);
      socket.resume();
      errors.push(closed(socket).then(() => socket.readableEnded));
    });
    const tunnel = await rig().tunnel({ targetPort });
    const caller = await bareCaller(rig(), tunnel);
    caller.resetAndDestroy();
    assert.deepEqual(await within(1_000, 'break at the target', Promise.all(errors)), [false]);
    const line = await exchangeLine(tunnel);
    assert.equal(line['outcome'], 'cancelled');
    assert.equal(line['code'], 'caller_gone');
  });

  it('break at the caller when the target’s connection breaks, with no clean end', async () => {
    let target: Duplex | undefined;
    const targetPort = await bareTarget(rig(), (socket) => {
      target = socket;
      socket.write(ACCEPTED);
    });
    const tunnel = await rig().tunnel({ targetPort });
    const caller = await bareCaller(rig(), tunnel);
    caller.resume();
    const end = closed(caller);
    (target as Socket).resetAndDestroy();
    await within(1_000, 'break at the caller', end);
    assert.equal(caller.readableEnded, false);
    const line = await exchangeLine(tunnel);
    assert.deepEqual([line['outcome'], line['code']], ['failed', 'target_broke_off']);
  });

  it('break when the agent is killed, and when it is stopped', async () => {
    const { targetPort } = await wsTarget(rig());
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const tunnel = await rig().tunnel({ targetPort, code: signal.toLowerCase() });
      const caller = await bareCaller(rig(), tunnel);
      caller.resume();
      const end = closed(caller);
      await tunnel.agent.end(signal);
      await within(6_000, 'break at the caller', end);
    }
  });

  it('end with the proxy once its grace time is over', async () => {
    const { targetPort } = await wsTarget(rig());
    const tunnel = await rig().tunnel({ targetPort, proxyFlags: ['--drain-timeout', '1'] });
    const caller = await bareCaller(rig(), tunnel);
    caller.resume();
    const end = closed(caller);
    assert.deepEqual(await tunnel.proxy.end('SIGTERM'), { code: 0, signal: null });
    await within(1_000, 'break at the caller', end);
  });

  it('may be half-closed by either end', async () => {
    const targetPort = await bareTarget(rig(), (socket, request) => {
      socket.write(ACCEPTED);
      if (request.url === '/first') {
        let got = '';
        socket.end('mine is said');
        socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
        socket.on('end', () => said(got));
      } else {
        const chunks: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.on('end', () => socket.end(Buffer.concat(chunks)));
      }
    });
    let said: (text: string) => void = () => undefined;
    const heard = new Promise<string>((resolve) => {
      said = resolve;
    });
    const tunnel = await rig().tunnel({ targetPort });

    const second = await bareCaller(rig(), tunnel, '/second');
    const sent = randomBytes(300_000);
    second.end(sent);
    const chunks: Buffer[] = [];
    second.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
    await within(5_000, 'end', once(second, 'end'));
    assert.ok(Buffer.concat(chunks).equals(sent));

    const first = await bareCaller(rig(), tunnel, '/first');
    let text = '';
    first.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
    await within(5_000, 'end', once(first, 'end'));
    assert.equal(text, 'mine is said');
    first.end('still here');
    assert.equal(await within(5_000, 'rest', heard), 'still here');
  });

  it('bring whatever bytes the two ends like, also right behind the 101', async () => {
    const spoken = randomBytes(200_000);
    const targetPort = await bareTarget(rig(), (socket) => {
      socket.write(Buffer.concat([Buffer.from(ACCEPTED), spoken]));
      socket.end();
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const socket = connect({ port, host: '127.0.0.1' });
    rig().onEnd(() => socket.destroy());
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(
      `GET ${base}/ HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    await within(5_000, 'end', once(socket, 'end'));
    const all = Buffer.concat(chunks);
    assert.ok(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(spoken));
  });

  it('are not given to a target that switches to something else', async () => {
    const targetPort = await bareTarget(rig(), (socket) => {
      socket.write(ACCEPTED.replace('websocket', 'telnet'));
    });
    const socket = dial(rig(), await rig().tunnel({ targetPort }));
    const [, response] = (await within(5_000, 'refusal', once(socket, 'unexpected-response'))) as [
      unknown,
      IncomingMessage,
    ];
    assert.equal(response.statusCode, 502);
    assert.equal(response.headers['caronte-error'], 'agent_refused');
    response.destroy();
  });
});

/** Answers 101 to whatever it gets, says its port, and reads. */
const DYING_TARGET = `
import { createServer } from 'node:http';
const server = createServer();
server.on('upgrade', (request, socket) => {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n');
  socket.resume();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** Asks for a WebSocket, prints the answer, and stays. */
const DYING_CALLER = `
import { connect } from 'node:net';
const [, port, base] = process.argv;
const socket = connect(Number(port), '127.0.0.1');
socket.write('GET ' + base + '/ HTTP/1.1\\r\\nHost: p\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
socket.on('data', (chunk) => console.log(chunk.toString()));
`;
