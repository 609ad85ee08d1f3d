import assert from 'node:assert/strict';
import { problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';

const LIMITS = { maxFields: 20, maxTarget: 200, maxHead: 4096 };

describe('a request head on the callers’ side', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture(LIMITS).start();
  });
  afterEach(() => fixture.stop());

  const PATH = '/forward/orders/';
  const REFUSED: readonly (readonly [what: string, head: string, status: number, code: string])[] =
    [
      ['two Host fields', `GET ${PATH} HTTP/1.1\r\nHost: a\r\nhost: a\r\n`, 400, 'bad_request'],
      ['no Host field', `GET ${PATH} HTTP/1.1\r\nA: b\r\n`, 400, 'bad_request'],
      [
        'an expectation that nobody knows',
        `GET ${PATH} HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n`,
        417,
        'expectation_failed',
      ],
      [
        'Transfer-Encoding in HTTP/1.0',
        `POST ${PATH} HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n`,
        400,
        'bad_request',
      ],
      [
        'another transfer coding before chunked',
        `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n`,
        400,
        'bad_request',
      ],
      [
        'another transfer coding in a field of its own',
        `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n`,
        400,
        'bad_request',
      ],
      [
        'chunked twice',
        `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n`,
        400,
        'bad_request',
      ],
      [
        'Transfer-Encoding and Content-Length',
        `POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n`,
        400,
        'bad_request',
      ],
      [
        'two different lengths',
        `POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n`,
        400,
        'bad_request',
      ],
      [
        'a byte above 0x7F in the target',
        `GET ${PATH}\xe9 HTTP/1.1\r\nHost: a\r\n`,
        400,
        'bad_request',
      ],
      ['a fragment', `GET ${PATH}a#b HTTP/1.1\r\nHost: a\r\n`, 400, 'bad_request'],
      [
        'a field name with a space',
        `GET ${PATH} HTTP/1.1\r\nHost: a\r\nA : b\r\n`,
        400,
        'bad_request',
      ],
      [
        'a bare CR in a value',
        `GET ${PATH} HTTP/1.1\r\nHost: a\r\nA: b\rC: d\r\n`,
        400,
        'bad_request',
      ],
      ['a NUL in a value', `GET ${PATH} HTTP/1.1\r\nHost: a\r\nA: \0\r\n`, 400, 'bad_request'],
      ['HTTP/2.0', `GET ${PATH} HTTP/2.0\r\nHost: a\r\n`, 505, 'version_unsupported'],
      [
        'HTTP/2.0 with Transfer-Encoding and two Host fields',
        `POST ${PATH} HTTP/2.0\r\nHost: a\r\nHost: b\r\nTransfer-Encoding: chunked\r\n`,
        505,
        'version_unsupported',
      ],
      [
        'an upgrade in HTTP/2.0',
        `GET ${PATH} HTTP/2.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`,
        505,
        'version_unsupported',
      ],
      [
        'HTTP/0.9 with Transfer-Encoding',
        `POST ${PATH} HTTP/0.9\r\nTransfer-Encoding: chunked\r\n`,
        505,
        'version_unsupported',
      ],
      ['no version at all', `GET ${PATH}\r\n`, 505, 'version_unsupported'],
      ['a version that nobody knows', `GET ${PATH} HTTP/1.2\r\nHost: a\r\n`, 400, 'bad_request'],
      ...['a b', 'evil.example/../x', 'u@h', 'a"b', 'a,b', '[::1', 'a:b', 'a:123456', '\xe9'].map(
        (host) =>
          [
            `the Host ${host}`,
            `GET ${PATH} HTTP/1.1\r\nHost: ${host}\r\n`,
            400,
            'bad_request',
          ] as const,
      ),
      ['such a Host in HTTP/1.0', `GET ${PATH} HTTP/1.0\r\nHost: u@h\r\n`, 400, 'bad_request'],
      [
        'such a Host beside a target in absolute form',
        `GET http://a${PATH} HTTP/1.1\r\nHost: u@h\r\n`,
        400,
        'bad_request',
      ],
      ['TRACE', `TRACE ${PATH} HTTP/1.1\r\nHost: a\r\n`, 405, 'method_not_allowed'],
      ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n', 405, 'method_not_allowed'],
      [
        'a field too many',
        `GET ${PATH} HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(LIMITS.maxFields)}`,
        431,
        'head_too_large',
      ],
      [
        'a head over the limit',
        `GET ${PATH} HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(LIMITS.maxHead)}\r\n`,
        431,
        'head_too_large',
      ],
      [
        'a target a byte too long',
        `GET ${PATH.padEnd(LIMITS.maxTarget + 1, 'x')} HTTP/1.1\r\nHost: a\r\n`,
        414,
        'uri_too_long',
      ],
      ['a path without a code', 'GET /forward/ HTTP/1.1\r\nHost: a\r\n', 404, 'not_found'],
      ['a path of nobody’s', 'GET /favicon.ico HTTP/1.1\r\nHost: a\r\n', 404, 'not_found'],
    ];

  for (const [what, head, status, code] of REFUSED) {
    it(`is refused as ${code} for ${what}`, async () => {
      const response = await fixture.call(`${head}\r\n`).response();
      assert.equal(response.status, status);
      assert.equal(problemCode(response), code);
    });
  }

  it('is refused as head_too_large although it never ends', async () => {
    const head = `GET ${PATH} HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(2 * LIMITS.maxHead)}`;
    assert.equal(problemCode(await fixture.call(head).response()), 'head_too_large');
  });

  it('reaches nobody if it is refused', async () => {
    for (const [, head] of REFUSED) await fixture.call(`${head}\r\n`).response();
    const agent = await fixture.agent();
    fixture.get('only');
    const { exchanges, waiting } = await agent.poll();
    assert.deepEqual(
      exchanges.map(({ head }) => head.target),
      ['/only'],
    );
    assert.equal(waiting, 0);
  });

  const ACCEPTED: readonly (readonly [what: string, head: string])[] = [
    [
      'as many fields as are allowed',
      `GET ${PATH} HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(LIMITS.maxFields - 1)}`,
    ],
    [
      'a target as long as is allowed',
      `GET ${PATH.padEnd(LIMITS.maxTarget, 'x')} HTTP/1.1\r\nHost: a\r\n`,
    ],
    ['no Host field in HTTP/1.0', `GET ${PATH} HTTP/1.0\r\n`],
    [
      'chunked in capitals',
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n`,
    ],
    ...[
      '',
      'my_app.internal:8080',
      'a.example.',
      '127.0.0.1',
      '[::1]',
      '[2001:db8::1]:443',
      'a:',
    ].map((host) => [`the Host "${host}"`, `GET ${PATH} HTTP/1.1\r\nHost: ${host}\r\n`] as const),
    ['an unusual method', `PROPFIND ${PATH} HTTP/1.1\r\nHost: a\r\n`],
  ];
  for (const [what, head] of ACCEPTED) {
    it(`passes with ${what}`, async () => {
      const agent = await fixture.agent();
      fixture.call(`${head}\r\n`);
      assert.equal((await agent.take()).head.target.startsWith('/'), true);
    });
  }

  it('reaches the agent in order, case and number, with bytes above 0x7F', async () => {
    const agent = await fixture.agent();
    fixture.call(
      'GET /forward/orders//a/../%2e?x=%e9& HTTP/1.1\r\nhOST: p:1\r\nB: 2\r\nb:\r\nB: \x80\xff\r\n__proto__: x\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n',
    );
    const { head } = await agent.take();
    assert.equal(head.target, '//a/../%2e?x=%e9&');
    assert.deepEqual(head.fields.slice(0, 10), [
      ...['hOST', 'p:1', 'B', '2', 'b', '', 'B', '\x80\xff', '__proto__', 'x'],
    ]);
    const via = head.fields[11] ?? '';
    assert.match(via, /^1\.1 caronte-[0-9a-f]{8}$/);
    assert.deepEqual(head.fields.slice(10), [
      ...['Via', via, 'X-Forwarded-For', '127.0.0.1', 'X-Forwarded-Proto', 'http'],
      ...['X-Forwarded-Host', 'p:1', 'X-Forwarded-Prefix', '/forward/orders'],
      ...['Forwarded', 'for=127.0.0.1;host="p:1";proto=http'],
    ]);
    assert.equal(head.caller, '127.0.0.1');
    assert.equal(head.httpVersion, '1.1');
    assert.deepEqual(head.body, { kind: 'none' });
  });

  it('is refused where it comes back to the proxy that it has passed, and not before', async () => {
    const agent = await fixture.agent();
    const head = `GET ${PATH} HTTP/1.1\r\nHost: a\r\n`;
    fixture.call(`${head}Via: 1.1 caronte\r\nVia: 1.0 first, 1.1 caronte-00000000 (x)\r\n\r\n`);
    const fields = (await agent.take()).head.fields;
    const own = fields[fields.lastIndexOf('Via') + 1] ?? '';
    const answer = await fixture.call(`${head}vIA: 1.1 front, ${own}, 1.1 back\r\n\r\n`).response();
    assert.equal(answer.status, 508);
    assert.equal(problemCode(answer), 'loop_detected');
  });

  it('is counted beyond what Node itself would read of it', async () => {
    await fixture.stop();
    fixture = await new Fixture({ maxFields: 3000, maxHead: 128 * 1024 }).start();
    const agent = await fixture.agent();
    fixture.get('', 'GET', 'A: b\r\n'.repeat(2500));
    const { head } = await agent.take();
    assert.equal(head.fields.filter((item) => item === 'A').length, 2500);
  });
});
