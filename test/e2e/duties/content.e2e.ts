import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { METHODS } from 'node:http';
import { type Answer, call, field } from '../support/caller.ts';
import { type Fields, valuesOf } from '../support/message.ts';
import { expectProblem } from '../support/problem.ts';
import { ok, type RawTarget, responseText } from '../support/raw-target.ts';
import { type Rig, type RunningTunnel, useRig } from '../support/rig.ts';
import { within } from '../support/waiting.ts';

async function withEcho(rig: Rig): Promise<RunningTunnel & { readonly target: RawTarget }> {
  const target = await rig.rawTarget(({ method, path }, socket) => {
    socket.write(ok(`${method} ${path}`));
  });
  return { ...(await rig.tunnel({ targetPort: target.port })), target };
}

/** Sends bytes as they stand and reads one answer. */
async function raw(rig: Rig, port: number, text: string, method = 'GET'): Promise<Answer> {
  const caller = await rig.caller(port);
  const reply = caller.expect(method);
  caller.socket.write(text, 'latin1');
  return await within(5_000, 'answer', reply.whole);
}

/** Node's parser knows these; the list is part of what is promised. */
const UNUSUAL = ['PROPFIND', 'PURGE', 'REPORT', 'MKCALENDAR', 'M-SEARCH', 'SUBSCRIBE', 'LINK'];

describe('duty 5: methods pass', () => {
  const rig = useRig();

  it('every method that the parser knows, but CONNECT and TRACE', async function () {
    this.timeout(30_000);
    const { port, base, target } = await withEcho(rig());
    assert.ok(UNUSUAL.every((method) => METHODS.includes(method)));
    const passing = METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE');
    for (const method of passing) {
      const answer = await call(port, { method, path: `${base}/m` });
      assert.equal(answer.status, 200, method);
    }
    assert.deepEqual(
      target.requests.map(({ method }) => method),
      passing,
    );
    for (const method of ['CONNECT', 'TRACE']) {
      const at = method === 'CONNECT' ? 'a:1' : `${base}/`;
      const answer = await raw(rig(), port, `${method} ${at} HTTP/1.1\r\nHost: a\r\n\r\n`, method);
      expectProblem(answer, 405, 'method_not_allowed');
    }
  });

  it('methods that the parser does not know are 400, also such as differ in case', async () => {
    const { port, base, target } = await withEcho(rig());
    for (const method of ['FROBNICATE', 'get', 'Post', 'PATCHES']) {
      const answer = await raw(rig(), port, `${method} ${base}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
      expectProblem(answer, 400, 'bad_request');
    }
    assert.equal(target.requests.length, 0);
  });
});

describe('duty 5: a path or a query with bytes above 0x7F', () => {
  const rig = useRig();

  it('is 400: no URI has such bytes (RFC 3986 section 2), and the parser refuses them', async () => {
    const { port, base, target } = await withEcho(rig());
    for (const path of ['/caf\xe9', '/?caf\xc3\xa9']) {
      expectProblem(await call(port, { path: base + path }), 400, 'bad_request');
    }
    assert.equal(target.requests.length, 0);
  });
});

describe('duty 8: 100-continue is answered, 103 passes', () => {
  const rig = useRig();

  it('a caller that expects 100 gets it, and Expect goes no further', async () => {
    const { port, base, target } = await withEcho(rig());
    const caller = await rig().caller(port);
    const reply = caller.expect('POST');
    const head = [
      `POST ${base}/ HTTP/1.1`,
      'Host: p',
      'Expect: 100-continue',
      'Content-Length: 4',
      '',
      '',
    ];
    await caller.write(head.join('\r\n'));
    await within(
      5_000,
      '100',
      new Promise<void>((resolve) => caller.socket.once('data', () => resolve())),
    );
    assert.match(reply.interim[0]?.startLine ?? '', /^HTTP\/1\.1 100 /);
    await caller.write('body');
    assert.equal((await within(5_000, 'answer', reply.whole)).status, 200);
    assert.equal(target.requests[0]?.body.toString(), 'body');
    assert.deepEqual(valuesOf(target.requests[0]?.fields ?? [], 'expect'), []);
  });

  it('an expectation that nobody can meet is 417', async () => {
    const { port, base } = await withEcho(rig());
    const head = [`GET ${base}/ HTTP/1.1`, 'Host: p', 'Expect: a miracle', '', ''];
    assert.equal((await raw(rig(), port, head.join('\r\n'))).status, 417);
  });

  it('early hints arrive before the answer, and not at callers of HTTP/1.0', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(hints);
      socket.write(ok('x'));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const caller = await rig().caller(port);
    const reply = caller.send({ path: `${base}/` });
    assert.equal((await within(5_000, 'answer', reply.whole)).body.toString(), 'x');
    assert.deepEqual(reply.interim[0]?.fields, [['Link', '</a.css>; rel=preload']]);
    const old = await rig().caller(port);
    const oldReply = old.expect('GET');
    await old.write(`GET ${base}/ HTTP/1.0\r\n\r\n`);
    await within(5_000, 'answer', oldReply.whole);
    assert.deepEqual(oldReply.interim, []);
  });
});

describe('duty 16: Proxy goes no further', () => {
  const rig = useRig();

  it('in whatever case', async () => {
    const { port, base, target } = await withEcho(rig());
    const fields: Fields = [
      ['Proxy', 'http://spite.example'],
      ['pROXY', 'http://spite.example'],
    ];
    await call(port, { path: `${base}/`, fields });
    assert.deepEqual(valuesOf(target.requests[0]?.fields ?? [], 'proxy'), []);
  });
});

describe('duty 18: nothing is decompressed', () => {
  const rig = useRig();

  it('in neither direction, whether it is what it says or not', async () => {
    const zipped = gzipSync('some text');
    const target = await rig().rawTarget(({ body }, socket) => {
      const lines = ['HTTP/1.1 200 OK', 'Content-Encoding: gzip', `Content-Length: ${body.length}`];
      socket.write(responseText(lines, body));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    for (const body of [zipped, Buffer.from('not gzip at all')]) {
      const fields: Fields = [['Content-Encoding', 'gzip']];
      const answer = await call(port, { method: 'POST', path: `${base}/`, fields, body });
      assert.deepEqual(target.requests.at(-1)?.body, body);
      assert.deepEqual(answer.body, body);
      assert.equal(field(answer, 'content-encoding'), 'gzip');
    }
  });
});

describe('duty 15: the target gets its own Host', () => {
  const rig = useRig();

  it('and the caller’s as X-Forwarded-Host', async () => {
    const { port, base, target } = await withEcho(rig());
    const fields: Fields = [['Host', 'tunnel.example.com:81']];
    await call(port, { path: `${base}/`, fields });
    const got = target.requests[0]?.fields ?? [];
    assert.deepEqual(valuesOf(got, 'host'), [`127.0.0.1:${target.port}`]);
    assert.deepEqual(valuesOf(got, 'x-forwarded-host'), ['tunnel.example.com:81']);
  });
});
