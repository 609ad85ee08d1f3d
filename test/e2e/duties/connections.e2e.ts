import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { Caller, BrokenOff, field, headText, type Reply } from '../support/caller.ts';
import { KIB } from '../support/load.ts';
import type { Fields } from '../support/message.ts';
import { expectProblem } from '../support/problem.ts';
import { ok, responseText } from '../support/raw-target.ts';
import { type Rig, useRig } from '../support/rig.ts';
import { pastHalfClose, until, within } from '../support/waiting.ts';

/** A target that says when its connections begin, what came, and when they end. */
class OpenTarget {
  readonly sockets: Socket[] = [];
  readonly texts: string[] = [];
  ended = 0;
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async listen(rig: Rig): Promise<OpenTarget> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const target = new OpenTarget(address.port);
    server.on('connection', (socket) => {
      const at = target.sockets.push(socket) - 1;
      target.texts.push('');
      socket.on('data', (chunk) => (target.texts[at] += chunk.toString('latin1')));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => (target.ended += 1));
    });
    rig.onEnd(() => {
      server.close();
      for (const socket of target.sockets) socket.destroy();
    });
    return target;
  }

  /** Resolves once something of a request with that word in it has come. */
  async got(word: string): Promise<Socket> {
    await until(() => this.texts.some((text) => text.includes(word)), `${word} at the target`);
    const socket = this.sockets[this.texts.findIndex((text) => text.includes(word))];
    assert.ok(socket);
    return socket;
  }

  textOf(socket: Socket): string {
    return this.texts[this.sockets.indexOf(socket)] ?? '';
  }
}

function part(caller: Caller, path: string, body: string, length: number): Reply {
  const reply = caller.expect('POST');
  caller.socket.write(headText({ method: 'POST', path, body: '' }, length) + body, 'latin1');
  return reply;
}

describe('duty 9: announced trailers pass, but none that changes the message', () => {
  const rig = useRig();
  const TRAILERS =
    'X-Sum: \xe9=\r\nContent-Type: x\r\nHost: spite\r\nAuthorization: Basic x\r\nX-Forwarded-For: 6.6.6.6\r\nx-SUM: 2\r\n';

  for (const [what, size] of [
    ['no bytes', 0],
    ['a few bytes', 5],
    ['200 KB', 200 * KIB],
  ] as const) {
    it(`of a request with ${what}`, async () => {
      const target = await OpenTarget.listen(rig());
      const { port, base } = await rig().tunnel({ targetPort: target.port });
      const caller = await rig().caller(port);
      const fields: Fields = [
        ['Transfer-Encoding', 'chunked'],
        ['Trailer', 'X-Sum'],
      ];
      const chunk = size === 0 ? '' : `${size.toString(16)}\r\n${'b'.repeat(size)}\r\n`;
      const body = `${chunk}0\r\n${TRAILERS}\r\n`;
      const reply = caller.send({ method: 'POST', path: `${base}/`, fields, body });
      const socket = await target.got('x-SUM: 2\r\n\r\n');
      socket.write(ok('done'));
      assert.equal((await within(5_000, 'answer', reply.whole)).body.toString(), 'done');
      const [text = ''] = target.texts;
      assert.match(text, /^POST \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
      assert.match(text, /\r\nTrailer: X-Sum\r\n/);
      assert.match(text, /\r\nTransfer-Encoding: chunked\r\n/i);
      assert.doesNotMatch(text, /Content-Length/i);
      assert.ok(text.endsWith('\r\n0\r\nX-Sum: \xe9=\r\nx-SUM: 2\r\n\r\n'), text.slice(-200));
      assert.equal(text.split('b').length > size, true);
    });
  }

  it('of a request whose target is down: the attempts are made all the same', async () => {
    const gone = await rig().rawTarget(() => undefined);
    const targetPort = gone.port;
    gone.close();
    const flags = ['--target-max-attempts', '2'];
    const { port, base } = await rig().tunnel({ targetPort, agentFlags: flags });
    const caller = await rig().caller(port);
    const fields: Fields = [
      ['Transfer-Encoding', 'chunked'],
      ['Trailer', 'X-Sum'],
    ];
    const body = '1\r\nb\r\n0\r\nX-Sum: 1\r\n\r\n';
    const reply = caller.send({ method: 'POST', path: `${base}/`, fields, body });
    const answer = await within(9_000, 'answer', reply.whole);
    assert.match(expectProblem(answer, 502, 'target_unreachable'), /after 2 attempts/);
  });

  it('of an answer', async () => {
    const lines = ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Sum'];
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(responseText(lines, `4\r\nbody\r\n0\r\n${TRAILERS}\r\n`));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    let text = '';
    caller.socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    const answer = await within(5_000, 'answer', caller.send({ path: `${base}/` }).whole);
    assert.equal(field(answer, 'trailer'), 'X-Sum');
    assert.equal(answer.body.toString(), 'body');
    const section = text.slice(text.indexOf('\r\n0\r\n') + 5);
    for (const kept of ['X-Sum: \xe9=', 'x-SUM: 2']) assert.ok(section.includes(kept), section);
    for (const dropped of [/content-type/i, /host/i, /authorization/i]) {
      assert.doesNotMatch(section, dropped);
    }
  });
});

describe('duty 11: a caller that sends FIN after its request still gets its answer', () => {
  const rig = useRig();

  for (const [what, body] of [
    ['without a body', undefined],
    ['with a body', 'body'],
    ['with a large body', 'b'.repeat(300 * KIB)],
  ] as const) {
    it(what, async () => {
      const target = await OpenTarget.listen(rig());
      const { port, base } = await rig().tunnel({ targetPort: target.port });
      const caller = await Caller.connect(port, '127.0.0.1', true);
      rig().onEnd(() => caller.leave());
      const request = { path: `${base}/half`, ...(body !== undefined && { method: 'POST', body }) };
      const reply = caller.send(request);
      caller.socket.end();
      const socket = await target.got('/half');
      // The answer takes longer than any FIN would.
      await within(5_000, 'another exchange', other(rig(), port, base, target));
      await until(() => target.texts[0]?.endsWith(body ?? '\r\n\r\n') === true, 'the body');
      socket.write(ok('for you'));
      const answer = await within(5_000, 'answer', reply.whole);
      assert.equal(answer.body.toString(), 'for you');
      await within(5_000, 'FIN', new Promise((resolve) => caller.socket.once('close', resolve)));
    });
  }
});

/** A whole exchange beside the others. */
async function other(rig: Rig, port: number, base: string, target: OpenTarget): Promise<void> {
  const caller = await rig.caller(port);
  const reply = caller.send({ path: `${base}/other` });
  (await target.got('/other')).write(ok('other'));
  await reply.whole;
}

describe('duty 12: an early answer reaches the caller', () => {
  const rig = useRig();

  it('in the middle of an upload that goes on', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    const length = 4 * KIB * KIB;
    const reply = part(caller, `${base}/up`, 'first', length);
    const socket = await target.got('first');
    socket.end(
      responseText(['HTTP/1.1 413 Too Large', 'Content-Length: 2', 'Connection: close'], 'no'),
    );
    // A caller that sends everything before it reads.
    await caller.write(Buffer.alloc(length - 5));
    const answer = await within(5_000, 'answer', reply.whole);
    assert.deepEqual([answer.status, answer.body.toString()], [413, 'no']);
    assert.equal(field(answer, 'caronte-error'), undefined);
  });
});

describe('duty 13: who leaves is noticed, and what breaks off never looks complete', () => {
  const rig = useRig();

  it('a caller that leaves while the target is silent', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    caller.send({ path: `${base}/silent` });
    await target.got('/silent');
    await pastHalfClose(performance.now());
    caller.leave();
    await until(() => target.ended === 1, 'end of the connection', 1_000);
  });

  it('a caller that resets its connection', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    caller.send({ path: `${base}/silent` });
    await target.got('/silent');
    caller.socket.resetAndDestroy();
    await until(() => target.ended === 1, 'end of the connection', 1_000);
  });

  it('a caller that leaves with its body half-way', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base, agent } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    part(caller, `${base}/up`, 'first', 100 * KIB);
    await target.got('first');
    caller.leave();
    await until(() => target.ended === 1, 'end of the connection', 1_000);
    await agent.text(/"path":"\/up".*"outcome":"cancelled"/);
    assert.ok(!target.texts[0]?.endsWith('0\r\n\r\n'));
  });

  it('a caller that leaves with its body half-way in chunks, and with trailers announced', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const chunked: Fields = [['Transfer-Encoding', 'chunked']];
    for (const [index, fields] of [chunked, [...chunked, ['Trailer', 'X'] as const]].entries()) {
      const caller = await rig().caller(port);
      const request = { method: 'POST', path: `${base}/up${index}`, fields };
      caller.socket.write(`${headText({ ...request, body: '' }, 0)}5\r\nfirst\r\n`, 'latin1');
      const socket = await target.got(`/up${index}`);
      const text = (): string => target.textOf(socket);
      await until(() => text().includes('first'), 'the first piece');
      caller.leave();
      await until(() => socket.closed, 'end of the connection', 1_000);
      // Nothing that could be taken for the whole.
      assert.ok(!text().includes('\r\n0\r\n'));
    }
  });

  it('a caller that leaves while its request waits for an agent', async () => {
    const target = await OpenTarget.listen(rig());
    const { port } = await rig().proxy(['--agent-wait', '60', '--log-level', 'debug']);
    const caller = await rig().caller(port);
    const staying = await rig().caller(port);
    const body = 'x'.repeat(100 * KIB);
    caller.send({ method: 'POST', path: '/forward/orders/leaves', body });
    const reply = staying.send({ path: '/forward/orders/stays' });
    await pastHalfClose(performance.now());
    caller.leave();
    await seen(rig(), port);
    rig().agent({ port, code: 'orders', targetPort: target.port }, ['--send-reply']);
    (await target.got('/stays')).write(ok('stayed'));
    assert.equal((await within(5_000, 'answer', reply.whole)).body.toString(), 'stayed');
    assert.ok(!target.texts.some((text) => text.includes('/leaves')));
  });

  it('a target that breaks off before, within and after the head', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    for (const [path, text, broken] of [
      ['/nothing', '', false],
      ['/head', 'HTTP/1.1 200 OK\r\nX-Half', false],
      ['/length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', true],
      ['/chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf', true],
      ['/end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', true],
    ] as const) {
      for (const reset of [false, true]) {
        const caller = await rig().caller(port);
        const reply = caller.send({ path: `${base}${path}${reset ? '/reset' : ''}` });
        const socket = await target.got(`GET ${path}${reset ? '/reset' : ''} `);
        if (text !== '') await new Promise<void>((resolve) => socket.write(text, () => resolve()));
        if (broken) await until(() => reply.bytes === 4, `beginning of ${path}`);
        if (reset) socket.resetAndDestroy();
        else socket.end();
        if (!broken) {
          expectProblem(await within(5_000, path, reply.whole), 502, 'target_broke_off');
          continue;
        }
        await assert.rejects(within(2_000, `end of ${path}`, reply.whole), BrokenOff);
      }
    }
  });
});

/** Resolves once the proxy has seen all that was sent to it, or closed, before. */
async function seen(rig: Rig, port: number): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    const caller = await rig.caller(port);
    await within(5_000, 'answer', caller.send({ path: '/nothing' }).whole);
  }
}

describe('duty 17: a slow upload lives as long as it goes on', () => {
  const rig = useRig();

  it('for longer than the idle time in all', async () => {
    const target = await OpenTarget.listen(rig());
    const { port, base } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: ['--body-idle-timeout', '1'],
    });
    const caller = await rig().caller(port);
    const pieces = 8;
    const reply = part(caller, `${base}/slow`, '', pieces);
    const began = performance.now();
    for (let piece = 0; piece < pieces; piece += 1) {
      // A quarter of what is allowed between two, which a busy machine may well double.
      await until(() => performance.now() - began > 250 * (piece + 1), 'time to pass');
      await caller.write(String(piece));
    }
    (await target.got('7')).write(ok('patient'));
    assert.equal((await within(5_000, 'answer', reply.whole)).body.toString(), 'patient');
    assert.ok(performance.now() - began > 1_500);
  });
});
