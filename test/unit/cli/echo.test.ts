import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as send, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { requestLine } from '../../../src/cli/echo/command.ts';
import { echoFields } from '../../../src/cli/echo/fields.ts';
import { readEchoOptions } from '../../../src/cli/echo/options.ts';
import {
  createEchoServer,
  type EchoedRequest,
  type EchoServer,
} from '../../../src/cli/echo/server.ts';

describe('the echo', () => {
  let server: EchoServer;
  let port: number;
  let seen: EchoedRequest[];
  let onSeen: () => void;

  async function start(delayMs: number): Promise<void> {
    seen = [];
    onSeen = () => undefined;
    server = createEchoServer({ host: '127.0.0.1', port: 0, delayMs }, (request) => {
      seen.push(request);
      onSeen();
    });
    ({ port } = await server.listen());
  }

  async function exchange(
    method: string,
    path: string,
    headers: readonly string[],
    body: Buffer | string = '',
  ): Promise<{ response: IncomingMessage; body: Buffer }> {
    const request = send({ host: '127.0.0.1', port, method, path, headers: [...headers] });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { response, body: await buffer(response) };
  }

  beforeEach(() => start(0));
  afterEach(() => server.destroy());

  it('answers 200 with the bytes of the request and their type', async () => {
    const sent = randomBytes(3 * 1024 * 1024);
    const fields = ['Host', 'a', 'Content-Type', 'image/x', 'Content-Length', String(sent.length)];
    const { response, body } = await exchange('PUT', '/a/../b?c', fields, sent);
    assert.equal(response.statusCode, 200);
    assert.deepEqual(body, sent);
    assert.equal(response.headers['content-type'], 'image/x');
    assert.equal(response.headers['content-length'], String(sent.length));
    assert.equal(response.headers['echo-method'], 'PUT');
    assert.equal(response.headers['echo-path'], '/a/../b?c');
  });

  it('sends back bodies without a length as they come', async () => {
    const request = send({
      host: '127.0.0.1',
      port,
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    request.write('first');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [piece] = (await once(response, 'data')) as [Buffer];
    assert.equal(piece.toString(), 'first');
    request.end('second');
    assert.equal(await text(response), 'second');
    assert.equal(response.headers['transfer-encoding'], 'chunked');
  });

  it('answers requests without a body, and HEAD without one', async () => {
    const { response, body } = await exchange('GET', '/', ['Host', 'a']);
    assert.deepEqual([response.headers['content-length'], body.length], ['0', 0]);
    const head = await exchange('HEAD', '/', ['Host', 'a']);
    assert.deepEqual([head.response.statusCode, head.body.length], [200, 0]);
  });

  it('waits for the delay before it answers', async () => {
    await server.destroy();
    await start(50);
    const since = performance.now();
    const { body } = await exchange('POST', '/', ['Host', 'a', 'Content-Length', '3'], 'abc');
    assert.equal(body.toString(), 'abc');
    // A timer may fire up to a millisecond early.
    assert(performance.now() - since >= 49);
  });

  it('tells of each request when it is done with it', async () => {
    const told = new Promise<void>((resolve) => (onSeen = resolve));
    await exchange('POST', '/x', ['Host', 'a', 'Content-Length', '3'], 'abc');
    await told;
    const { method, url, bytes, complete } = seen[0] ?? assert.fail();
    assert.deepEqual([method, url, bytes, complete], ['POST', '/x', 3, true]);
  });

  it('forgets a caller that leaves during the delay', async () => {
    await server.destroy();
    await start(3_600_000);
    const told = new Promise<void>((resolve) => (onSeen = resolve));
    const caller = connect(port, '127.0.0.1');
    caller.write(
      'PUT /gone HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n',
    );
    // 100 says that the request has arrived.
    await once(caller, 'data');
    caller.destroy();
    await told;
    assert.equal(seen[0]?.complete, false);
    await server.close();
  });

  it('finishes what is in hand when it closes', async () => {
    const request = send({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      headers: { Expect: '100-continue', 'Content-Length': '3' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    const closed = server.close();
    request.end('abc');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(await text(response), 'abc');
    await closed;
  });
});

describe('the fields of an echo', () => {
  const fields = (method: string, rawHeaders: string[]) =>
    echoFields({ method, url: '/p', rawHeaders });
  const OWN = ['Echo-Method', 'GET', 'Echo-Path', '/p'];

  it('are the request’s, with order, case and duplicates', () => {
    const raw = [
      'x-A',
      '1',
      'X-a',
      '2',
      'Content-Encoding',
      'br',
      'X-Latin',
      'é',
      '__proto__',
      'x',
    ];
    assert.deepEqual(fields('GET', raw), [...raw, 'Content-Length', '0', ...OWN]);
  });

  it('are not those of the connection, nor those that Connection names', () => {
    const raw = ['Connection', 'close, X-Mine', 'X-Mine', '1', 'TE', 'gzip', 'Keep-Alive', '5'];
    assert.deepEqual(fields('GET', raw), ['Content-Length', '0', ...OWN]);
  });

  it('are not those that only a request can have, nor the caller’s secrets', () => {
    const raw = [
      'Host',
      'Accept',
      'accept-language',
      'Authorization',
      'Cookie',
      'If-Match',
      'Range',
    ];
    assert.deepEqual(
      fields(
        'GET',
        raw.flatMap((name) => [name, 'x']),
      ),
      ['Content-Length', '0', ...OWN],
    );
  });

  it('cannot be made up by the caller', () => {
    assert.deepEqual(fields('GET', ['Echo-Method', 'PUT', 'echo-path', '/x']).slice(2), OWN);
  });

  it('frame the body as the request did', () => {
    assert.deepEqual(fields('GET', ['Content-Length', '7']).slice(0, 2), ['Content-Length', '7']);
    assert.deepEqual(fields('GET', ['Transfer-Encoding', 'chunked']), OWN);
    assert.deepEqual(fields('HEAD', []), ['Echo-Method', 'HEAD', 'Echo-Path', '/p']);
  });
});

describe('the options of an echo', () => {
  it('have the documented defaults', () => {
    assert.deepEqual(readEchoOptions({}), {
      ok: true,
      options: { host: '0.0.0.0', port: 5000, delayMs: 0 },
    });
  });

  for (const [delay, delayMs] of [
    ['0', 0],
    ['1', 1000],
    ['0.25', 250],
    ['.5', 500],
    ['3600', 3_600_000],
  ] as const) {
    it(`take a delay of ${delay} s`, () => {
      const result = readEchoOptions({ delay, port: '0', host: '[::1]' });
      assert.deepEqual(result, { ok: true, options: { host: '::1', port: 0, delayMs } });
    });
  }

  it('are refused beyond their bounds', () => {
    for (const delay of ['-1', '3600.1', '3601', '1e3', '', '1.', 'x']) {
      assert.deepEqual(readEchoOptions({ delay }), {
        ok: false,
        problems: [`--delay: "${delay}" is not a number of seconds from 0 to 3600`],
      });
    }
    const result = readEchoOptions({ port: '65536', host: 'a b' });
    assert.equal(result.ok ? 0 : result.problems.length, 2);
  });
});

describe('the line of an echoed request', () => {
  it('is harmless on a terminal, and without the query', () => {
    const request = { method: 'GET', url: '/\u009b2J?token', bytes: 3, durationMs: 1001 };
    assert.equal(requestLine({ ...request, complete: true }), 'GET /\\x9b2J 200 1.00 s 3 bytes');
    assert.match(requestLine({ ...request, complete: false }), /200 broken off/);
  });
});
