import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { BrokenOff, field } from './support/caller.ts';
import { KIB } from './support/load.ts';
import { valuesOf } from './support/message.ts';
import { ok, responseText } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';
import { until, within } from './support/waiting.ts';

const CRLF = Buffer.from('\r\n');
const LAST = Buffer.from('0\r\n\r\n');
const BODIES = [Buffer.alloc(0), Buffer.from('small'), randomBytes(300 * KIB)];

describe('a target that speaks HTTP/1.0', () => {
  const rig = useRig();

  it('ends its answers with the connection; callers get them whole and stay connected', async () => {
    const target = await rig().rawTarget(({ path }, socket) => {
      const head = ['HTTP/1.0 200 OK', 'Server: SimpleHTTP/0.6'];
      socket.end(responseText(head, BODIES[Number(path.slice(1))]));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    for (const [index, body] of BODIES.entries()) {
      const answer = await within(5_000, 'answer', caller.send({ path: `${base}/${index}` }).whole);
      assert.ok(answer.body.equals(body), `body ${index}`);
      assert.equal(field(answer, 'server'), 'SimpleHTTP/0.6');
    }
    assert.ok(caller.usable);
    // It is asked in HTTP/1.1, as RFC 9110 section 2.5 wants it.
    assert.equal(target.requests[0]?.startLine, 'GET /0 HTTP/1.1');
  });

  it('breaks its connection, which nobody takes for the end of the answer', async () => {
    const sockets: Socket[] = [];
    const target = await rig().rawTarget((_request, socket) => {
      sockets.push(socket);
      socket.write(responseText(['HTTP/1.0 200 OK'], randomBytes(100 * KIB)));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const reply = (await rig().caller(port)).send({ path: `${base}/` });
    await until(() => reply.bytes === 100 * KIB, 'all that was sent');
    sockets[0]?.resetAndDestroy();
    await assert.rejects(within(5_000, 'end', reply.whole), BrokenOff);
  });
});

describe('a caller that speaks HTTP/1.0', () => {
  const rig = useRig();

  it('gets answers that end with the connection, and never a transfer coding', async () => {
    const target = await rig().rawTarget(({ path }, socket) => {
      const body = BODIES[Number(path.slice(1))] ?? Buffer.alloc(0);
      // The end of this one is not known at its beginning.
      const size = body.length.toString(16);
      const chunks: Buffer[] = body.length === 0 ? [] : [Buffer.from(`${size}\r\n`), body, CRLF];
      socket.write(
        responseText(
          ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
          Buffer.concat([...chunks, LAST]),
        ),
      );
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    for (const [index, body] of BODIES.entries()) {
      const caller = await rig().caller(port);
      const reply = caller.expect('GET');
      await caller.write(`GET ${base}/${index} HTTP/1.0\r\n\r\n`);
      const answer = await within(5_000, 'answer', reply.whole);
      assert.ok(answer.body.equals(body), `body ${index}`);
      assert.deepEqual(valuesOf(answer.fields, 'transfer-encoding'), []);
      assert.deepEqual(valuesOf(answer.fields, 'connection'), ['close']);
    }
  });

  it('may keep its connection if it asks to and the length is known', async () => {
    const target = await rig().rawTarget(({ body }, socket) => socket.write(ok(body)));
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    for (const body of ['first', 'second']) {
      const reply = caller.expect('POST');
      const length = `Content-Length: ${body.length}`;
      await caller.write(
        `POST ${base}/ HTTP/1.0\r\nConnection: keep-alive\r\n${length}\r\n\r\n${body}`,
      );
      const answer = await within(5_000, 'answer', reply.whole);
      assert.equal(answer.body.toString(), body);
      assert.equal(field(answer, 'connection'), 'keep-alive');
    }
    assert.ok(caller.usable);
  });

  it('has no Host, and reaches a tunnel by path all the same', async () => {
    const target = await rig().rawTarget(({ path }, socket) => socket.write(ok(path)));
    const proxyFlags = ['--domain', 'example.dev'];
    const { port, base } = await rig().tunnel({ targetPort: target.port, proxyFlags });
    const caller = await rig().caller(port);
    const reply = caller.expect('GET');
    await caller.write(`GET ${base}/a?b HTTP/1.0\r\n\r\n`);
    assert.equal((await within(5_000, 'answer', reply.whole)).body.toString(), '/a?b');
    const [request] = target.requests;
    assert.deepEqual(
      valuesOf(request?.fields ?? [], 'via')
        .join()
        .slice(0, 4),
      '1.0 ',
    );
    assert.deepEqual(valuesOf(request?.fields ?? [], 'x-forwarded-host'), []);
  });
});
