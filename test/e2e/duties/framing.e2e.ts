import assert from 'node:assert/strict';
import { type Answer, call, field } from '../support/caller.ts';
import { type Fields, valuesOf } from '../support/message.ts';
import { expectProblem } from '../support/problem.ts';
import { RawAgent, record, uint32 } from '../support/raw-agent.ts';
import { ok, type RawRequest, type RawTarget, responseText } from '../support/raw-target.ts';
import { type Rig, type RunningTunnel, useRig } from '../support/rig.ts';
import { within } from '../support/waiting.ts';

async function through(
  rig: Rig,
  answer: (request: RawRequest) => Buffer,
): Promise<RunningTunnel & { readonly target: RawTarget }> {
  const target = await rig.rawTarget((request, socket) => socket.write(answer(request)));
  return { ...(await rig.tunnel({ targetPort: target.port })), target };
}

/** Sends a request as it stands and reads one answer. */
async function raw(rig: Rig, port: number, text: string, method = 'GET'): Promise<Answer> {
  const caller = await rig.caller(port);
  const reply = caller.expect(method);
  caller.socket.write(text, 'latin1');
  return await within(5_000, 'answer', reply.whole);
}

const HOP_BY_HOP = [
  'Connection: keep-alive, X-Named, X-Forwarded-For, Via',
  'X-Named: 1',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'TE: trailers, deflate',
  'Upgrade: h2c',
  'Proxy-Authorization: Basic x',
  'Proxy: http://spite.example',
];

describe('duty 1: what belongs to a connection stays with it', () => {
  const rig = useRig();

  it('in a request, and the proxy’s own fields cannot be removed by Connection', async () => {
    const { port, base, target } = await through(rig(), () => ok('x'));
    const lines = [`GET ${base}/ HTTP/1.1`, 'Host: p', ...HOP_BY_HOP, 'X-Kept: 1', '', ''];
    assert.equal((await raw(rig(), port, lines.join('\r\n'))).status, 200);
    const [request] = target.requests;
    assert.ok(request);
    for (const name of [
      ...['x-named', 'keep-alive', 'proxy-connection', 'te', 'upgrade'],
      ...['proxy-authorization', 'proxy'],
    ]) {
      assert.deepEqual(valuesOf(request.fields, name), [], name);
    }
    assert.deepEqual(valuesOf(request.fields, 'x-kept'), ['1']);
    assert.deepEqual(valuesOf(request.fields, 'x-forwarded-for'), ['127.0.0.1']);
    assert.match(valuesOf(request.fields, 'via').join(), /^1\.1 caronte-[0-9a-f]{8}$/);
  });

  it('in an answer', async () => {
    const lines = [
      'Connection: X-Named',
      'X-Named: 1',
      'Keep-Alive: timeout=99',
      'Proxy-Authenticate: Basic realm="x"',
      'Upgrade: h2c',
      'X-Kept: 1',
    ];
    const { port, base } = await through(rig(), () => ok('body', ...lines));
    const answer = await call(port, { path: `${base}/` });
    assert.equal(answer.body.toString(), 'body');
    for (const name of ['x-named', 'proxy-authenticate', 'upgrade']) {
      assert.equal(field(answer, name), undefined, name);
    }
    assert.notEqual(field(answer, 'keep-alive'), 'timeout=99');
    assert.equal(field(answer, 'x-kept'), '1');
  });
});

describe('duty 2: what could be read in two ways is refused', () => {
  const rig = useRig();

  for (const [what, lines, first = 'GET /forward/orders/ HTTP/1.1'] of [
    ['two Host lines', ['Host: a', 'Host: b']],
    ['two equal Host lines', ['Host: a', 'Host: a']],
    ['no Host line', ['X: y']],
    ['a transfer coding other than chunked', ['Host: a', 'Transfer-Encoding: gzip, chunked']],
    [
      'a transfer coding in HTTP/1.0',
      ['Transfer-Encoding: chunked'],
      'POST /forward/orders/ HTTP/1.0',
    ],
    [
      'a length beside a transfer coding',
      ['Host: a', 'Content-Length: 3', 'Transfer-Encoding: chunked'],
    ],
    ['two lengths', ['Host: a', 'Content-Length: 3', 'Content-Length: 4']],
    ['a length that is no number', ['Host: a', 'Content-Length: +3']],
    ['a space before a colon', ['Host: a', 'X : y']],
    ['a line that goes on in the next', ['Host: a', 'X: y', ' z']],
    ['a bare carriage return in a value', ['Host: a', 'X: y\rZ: a']],
    ['a NUL in a value', ['Host: a', 'X: y\0z']],
    ['a fragment', ['Host: a'], 'GET /forward/orders/#x HTTP/1.1'],
  ] as const) {
    it(`such as ${what}`, async () => {
      const { port, target } = await through(rig(), () => ok('x'));
      const answer = await raw(rig(), port, [first, ...lines, '', ''].join('\r\n'));
      expectProblem(answer, 400, 'bad_request');
      assert.equal(target.requests.length, 0);
    });
  }
});

describe('duty 3: header fields are counted, never cut off in silence', () => {
  const rig = useRig();

  it('as many as may pass do, one more is 431', async () => {
    const { port, base, target } = await through(rig(), () => ok('x'));
    // Host is one of the 1,000.
    const fields = (count: number): Fields =>
      Array.from({ length: count }, (_, at) => [`X-${at}`, String(at)]);
    assert.equal((await call(port, { path: `${base}/`, fields: fields(999) })).status, 200);
    const got = target.requests[0]?.fields.filter(([name]) => /^X-\d+$/.test(name));
    assert.deepEqual(got, fields(999));
    const refused = await call(port, { path: `${base}/`, fields: fields(1000) });
    expectProblem(refused, 431, 'head_too_large');
  });

  it('of an answer too: 2,000 pass', async () => {
    const lines = Array.from({ length: 2_000 }, (_, at) => `X-${at}: ${at}`);
    const { port, base } = await through(rig(), () => ok('x', ...lines));
    const answer = await call(port, { path: `${base}/` });
    assert.equal(answer.fields.filter(([name]) => /^X-\d+$/.test(name)).length, 2_000);
  });
});

describe('duty 6: the proxy frames what an agent sends', () => {
  const rig = useRig();

  async function answered(head: string, body: string): Promise<Answer> {
    const { port } = await rig().proxy();
    const agent = new RawAgent(port, rig().secret);
    await agent.hello('raw');
    const answer = call(port, { path: '/forward/raw/' });
    const text = `${await agent.take()}\n${head}`;
    await agent.post('/agent/reply', record(0x20, `${uint32(text.length)}${text}${body}`));
    return await answer;
  }

  for (const [what, head] of [
    ['a transfer coding', '200\nOK\nTransfer-Encoding\nchunked'],
    ['a length that is too small', '200\nOK\nContent-Length\n1'],
    ['a length that is too large', '200\nOK\nContent-Length\n1000'],
    ['two lengths', '200\nOK\nContent-Length\n1\nContent-Length\n2'],
  ] as const) {
    it(`whatever its framing: ${what}`, async () => {
      const answer = await answered(head, 'whole');
      assert.equal(answer.body.toString(), 'whole');
      assert.deepEqual(valuesOf(answer.fields, 'content-length'), ['5']);
      assert.equal(field(answer, 'transfer-encoding'), undefined);
    });
  }
});

describe('duty 7: no body on HEAD, 1xx, 204 and 304', () => {
  const rig = useRig();

  for (const { what, method = 'GET', lines, length } of [
    {
      what: 'HEAD keeps its length',
      method: 'HEAD',
      lines: ['HTTP/1.1 200 OK', 'Content-Length: 77'],
      length: '77',
    },
    {
      what: 'HEAD without a length gets none',
      method: 'HEAD',
      lines: ['HTTP/1.1 200 OK'],
      length: undefined,
    },
    {
      what: '304 keeps its length',
      lines: ['HTTP/1.1 304 Not Modified', 'Content-Length: 77'],
      length: '77',
    },
    {
      what: '204 has no length',
      lines: ['HTTP/1.1 204 No Content', 'Content-Length: 0'],
      length: undefined,
    },
  ]) {
    it(`${what}, and the next answer on the connection is in its place`, async () => {
      let first = true;
      const { port, base } = await through(rig(), () => {
        const bytes = first ? responseText(lines) : ok('next');
        first = false;
        return bytes;
      });
      const caller = await rig().caller(port);
      const answer = await within(5_000, 'answer', caller.send({ method, path: `${base}/` }).whole);
      assert.equal(field(answer, 'content-length'), length);
      assert.equal(field(answer, 'transfer-encoding'), undefined);
      assert.equal(answer.body.length, 0);
      const next = caller.send({ path: `${base}/` });
      assert.equal((await within(5_000, 'next answer', next.whole)).body.toString(), 'next');
    });
  }
});

describe('an answer in a transfer coding beside chunks', () => {
  const rig = useRig();

  it('is refused: its bytes would arrive without the name of the coding', async () => {
    for (const coding of ['gzip, chunked', 'x-unknown, chunked']) {
      const lines = ['HTTP/1.1 200 OK', `Transfer-Encoding: ${coding}`];
      const { port, base } = await through(rig(), () =>
        responseText(lines, '2\r\nok\r\n0\r\n\r\n'),
      );
      const answer = await call(port, { path: `${base}/` });
      expectProblem(answer, 502, 'agent_refused');
    }
  });

  it('passes if there is none beside chunks, in whatever case', async () => {
    const lines = ['HTTP/1.1 200 OK', 'transfer-Encoding:  Chunked '];
    const { port, base } = await through(rig(), () => responseText(lines, '2\r\nok\r\n0\r\n\r\n'));
    assert.equal((await call(port, { path: `${base}/` })).body.toString(), 'ok');
  });
});

describe('empty bodies (RFC 9110 section 8.6)', () => {
  const rig = useRig();

  /** What the target gets; undefined where a field is not there. */
  for (const { what, method, lines = [], body = '', length } of [
    { what: 'GET without a length gets none', method: 'GET', length: undefined },
    {
      what: 'GET with length 0 loses it: the length of nothing',
      method: 'GET',
      lines: ['Content-Length: 0'],
      length: undefined,
    },
    { what: 'DELETE without a length gets none', method: 'DELETE', length: undefined },
    {
      what: 'POST with length 0 keeps it',
      method: 'POST',
      lines: ['Content-Length: 0'],
      length: '0',
    },
    { what: 'POST without a length is told to be empty', method: 'POST', length: '0' },
    {
      what: 'POST in no chunks is told to be empty',
      method: 'POST',
      lines: ['Transfer-Encoding: chunked'],
      body: '0\r\n\r\n',
      length: '0',
    },
  ] as const) {
    it(`of a request: ${what}`, async () => {
      const { port, base, target } = await through(rig(), () => ok('x'));
      const head = [`${method} ${base}/ HTTP/1.1`, 'Host: p', ...lines, '', ''].join('\r\n');
      assert.equal((await raw(rig(), port, head + body)).status, 200);
      const [request] = target.requests;
      assert.ok(request);
      assert.equal(valuesOf(request.fields, 'content-length')[0], length);
      assert.deepEqual(valuesOf(request.fields, 'transfer-encoding'), []);
      assert.equal(request.body.length, 0);
    });
  }

  for (const [what, lines, body] of [
    ['with length 0', ['Content-Length: 0'], ''],
    ['in no chunks', ['Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ] as const) {
    it(`of an answer ${what} arrive with length 0`, async () => {
      const { port, base } = await through(rig(), () =>
        responseText(['HTTP/1.1 200 OK', ...lines], body),
      );
      const answer = await call(port, { path: `${base}/` });
      assert.equal(field(answer, 'content-length'), '0');
      assert.equal(field(answer, 'transfer-encoding'), undefined);
    });
  }

  it('of an answer that the end of the connection ends arrive with length 0', async () => {
    const target = await rig().rawTarget((_request, socket) => {
      socket.end(responseText(['HTTP/1.1 200 OK', 'Connection: close']));
    });
    const { port, base } = await rig().tunnel({ targetPort: target.port });
    const answer = await call(port, { path: `${base}/` });
    assert.equal(answer.status, 200);
    assert.equal(field(answer, 'content-length'), '0');
  });
});
