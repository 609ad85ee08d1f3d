import assert from 'node:assert/strict';
import { call } from '../support/caller.ts';
import type { Fields } from '../support/message.ts';
import { responseText } from '../support/raw-target.ts';
import { useRig } from '../support/rig.ts';

/** What the proxy adds to a request, and what is each connection's own. */
const ADDED = new Set([
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'forwarded',
  'host',
  'connection',
]);

function endToEnd(fields: Fields): Fields {
  return fields.filter(([name]) => !ADDED.has(name.toLowerCase()));
}

describe('duties 4 and 5: what passes through a tunnel unchanged', () => {
  const rig = useRig();

  it('is the status, the reason and the header fields of the answer, in order and case', async () => {
    const lines = [
      'HTTP/1.1 299 Quite   Fine, (thanks)',
      'x-lower: 1',
      'X-UPPER: 2',
      'Set-Cookie: a=1; Path=/',
      'ETag: "abc"',
      'Set-Cookie: b=2; Path=/x',
      'x-LOWER: 3',
      '__proto__: kept',
      'X-Bytes: caf\xe9 \xff\x80',
      'X-Empty:',
      'Date: Tue, 01 Jan 2030 00:00:00 GMT',
    ];
    const body = Buffer.from([0, 1, 2, 0xff, 0x0d, 0x0a, 0x80]);
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(responseText([...lines, `Content-Length: ${body.length}`], body));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });

    const answer = await call(port, { path: `${base}/` });
    assert.equal(answer.status, 299);
    assert.equal(answer.reason, 'Quite   Fine, (thanks)');
    const expected = lines.slice(1).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const own = new Set(['content-length', 'connection', 'keep-alive']);
    assert.deepEqual(
      answer.fields.filter(([name]) => !own.has(name.toLowerCase())),
      expected,
    );
    assert.deepEqual(answer.body, body);
  });

  it('is the method, the header fields and the body of the request', async () => {
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(responseText(['HTTP/1.1 204 No Content']));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const fields: Fields = [
      ['Host', 'tunnel.example.com'],
      ['x-hub-SIGNATURE-256', 'sha256=00ff'],
      ['X-Twice', 'one'],
      ['Accept', '*/*'],
      ['X-Twice', 'two'],
      ['X-Bytes', 'caf\xe9 \x80\xff'],
      ['__proto__', 'kept'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
      ['Content-Type', 'application/json'],
    ];
    const body = Buffer.from('{"sp\xe4ce" :  1}\n\0', 'latin1');

    const answer = await call(port, { method: 'PATCH', path: `${base}/hook`, fields, body });
    assert.equal(answer.status, 204);
    const [request] = target.requests;
    assert.ok(request);
    assert.equal(request.method, 'PATCH');
    assert.deepEqual(
      endToEnd(request.fields).filter(([name]) => name.toLowerCase() !== 'content-length'),
      fields.slice(1),
    );
    assert.deepEqual(request.body, body);
    assert.deepEqual(
      request.fields.filter(([name]) => name === 'X-Forwarded-Host'),
      [['X-Forwarded-Host', 'tunnel.example.com']],
    );
  });

  it('is the path and the query, byte for byte', async () => {
    const target = await rig().rawTarget(({ path }, socket) => {
      socket.write(responseText(['HTTP/1.1 200 OK', `Content-Length: ${path.length}`], path));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const paths = [
      '/',
      '/a/../b/%2e%2e/c//d',
      '/x?',
      '/x??a=1&a=2&&=',
      '//double',
      '/./a/.',
      '/%00%0a%zz',
      '/\\back\\slash',
      '/~!$&\'()*+,;=:@|{}^`"<>',
      '/q?x=%20+%2B&path=/../..&u=http://a/b',
      '/..',
      '/a;b=c,d//b///',
      `/${'long/'.repeat(4_000)}`,
    ];
    for (const path of paths) {
      const answer = await call(port, { path: `${base}${path}` });
      assert.equal(answer.status, 200, path);
      assert.equal(answer.body.toString('latin1'), path);
      const absolute = await call(port, { path: `http://any.example:1${base}${path}` });
      assert.equal(absolute.body.toString('latin1'), path);
    }
    // Without a slash after the code the target's root is meant.
    assert.equal((await call(port, { path: base })).body.toString(), '/');
    assert.equal((await call(port, { path: `${base}?a=1` })).body.toString(), '/?a=1');
  });
});
