import assert from 'node:assert/strict';
import type { ExchangeHead } from 'caronte-proxy/protocol';
import { responseRewriter } from '../../../src/agent/rewrite.ts';
import { Target } from '../../../src/agent/target.ts';

const HEAD: ExchangeHead = {
  id: '0'.repeat(32),
  method: 'GET',
  target: '/',
  receivedAt: 1,
  patienceMs: 1,
  attempt: 1,
  caller: '203.0.113.7',
  httpVersion: '1.1',
  body: { kind: 'none' },
  fields: ['Host', 'Tunnel.example', 'X-Forwarded-Prefix', '/forward/orders'],
};

async function rewritten(
  name: string,
  value: string,
  {
    target = 'http://localhost:3000',
    hostHeader = 'target',
    fields = HEAD.fields,
  }: { target?: string; hostHeader?: string; fields?: readonly string[] } = {},
): Promise<string | undefined> {
  const service = new Target({ target, hostHeader }, 1_000);
  const result = responseRewriter(service)({ ...HEAD, fields }, [name, value]);
  await service.destroy();
  assert.equal(result[0], name);
  assert.equal(result.length, 2);
  return result[1];
}

describe('paths in a response that are made the tunnel’s', () => {
  const LOCATIONS: readonly (readonly [from: string, to: string])[] = [
    ['/login?next=/a#b', '/forward/orders/login?next=/a#b'],
    ['/', '/forward/orders/'],
    ['/%2e%2e/\xe9', '/forward/orders/%2e%2e/\xe9'],
    ['http://localhost:3000/login', '/forward/orders/login'],
    ['HTTP://LocalHost:3000/Login', '/forward/orders/Login'],
    ['http://localhost:3000', '/forward/orders/'],
    ['http://localhost:3000?a', '/forward/orders/?a'],
    ['//localhost:3000/a', '/forward/orders/a'],
    ['/forward/orders/login', '/forward/orders/login'],
    ['/forward/orders', '/forward/orders'],
    ['/forward/orders?a', '/forward/orders?a'],
    ['/forward/orders2', '/forward/orders/forward/orders2'],
  ];
  for (const [from, to] of LOCATIONS) {
    it(`turn Location ${from} into ${to}`, async () => {
      assert.equal(await rewritten('lOcation', from), to);
      assert.equal(await rewritten('Content-Location', from), to);
    });
  }

  for (const same of [
    'login',
    '../login',
    '?a',
    '#a',
    '',
    'http://localhost:3001/',
    'https://localhost:3000/',
    'http://localhost:3000@evil.example/',
    'http://me@localhost:3000/',
    'http://localhost:3000\\@evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    'mailto:a@example.com',
    'http://[',
  ]) {
    it(`leave Location ${same} as it is`, async () => {
      assert.equal(await rewritten('Location', same), same);
    });
  }

  it('include those of Refresh', async () => {
    assert.equal(await rewritten('Refresh', '5; url=/a'), '5; url=/forward/orders/a');
    assert.equal(await rewritten('Refresh', '0;URL="/a"'), '0;URL="/forward/orders/a"');
    assert.equal(await rewritten('Refresh', '0;/a'), '0;/forward/orders/a');
    assert.equal(await rewritten('Refresh', '0 , /a?url=/b'), '0 , /forward/orders/a?url=/b');
    assert.equal(await rewritten('Refresh', "1.5 '/a'"), "1.5 '/forward/orders/a'");
    for (const same of ['5', '5;', '5; ', '5; a', '5; url', '/a']) {
      assert.equal(await rewritten('Refresh', same), same);
    }
    assert.equal(
      await rewritten('Refresh', '5; url=https://a.example/'),
      '5; url=https://a.example/',
    );
  });

  it('include those of cookies, and nothing else of them', async () => {
    assert.equal(await rewritten('Set-Cookie', 'a=1; Path=/'), 'a=1; Path=/forward/orders/');
    assert.equal(
      await rewritten('set-cookie', 'a="/x"; HttpOnly;path = /app ; Secure'),
      'a="/x"; HttpOnly;path = /forward/orders/app ; Secure',
    );
    assert.equal(
      await rewritten('Set-Cookie', 'a=1; Path=/forward/orders; Secure'),
      'a=1; Path=/forward/orders; Secure',
    );
    for (const same of ['a=1', 'path=/x', 'a=1; Path', 'a=1; Path=', 'a=1; Path=x']) {
      assert.equal(await rewritten('Set-Cookie', same), same);
    }
  });

  it('are not those of cookies that browsers would refuse with another path', async () => {
    for (const same of ['__Host-a=1; Path=/; Secure', ' __host-a=1; path=/; Secure']) {
      assert.equal(await rewritten('Set-Cookie', same), same);
    }
    const secure = '__Secure-a=1; Secure; Path=';
    assert.equal(await rewritten('Set-Cookie', `${secure}/`), `${secure}/forward/orders/`);
  });

  it('are no others', async () => {
    assert.equal(await rewritten('Link', '</a>; rel=next'), '</a>; rel=next');
    assert.equal(await rewritten('X-Location', '/a'), '/a');
  });

  it('keep order, case and number of the fields', async () => {
    const service = new Target({ target: 'http://localhost:3000' }, 1_000);
    const fields = ['SET-cookie', 'a=1; Path=/', 'B', '/', 'Set-Cookie', 'b=2; Path=/', 'b', ''];
    const result = responseRewriter(service)(HEAD, fields);
    await service.destroy();
    assert.deepEqual(result, [
      ...['SET-cookie', 'a=1; Path=/forward/orders/', 'B', '/'],
      ...['Set-Cookie', 'b=2; Path=/forward/orders/', 'b', ''],
    ]);
  });

  it('only lose the target’s own origin where the tunnel has a host name', async () => {
    const own = { fields: ['Host', 'orders.tunnel.example'] };
    assert.equal(await rewritten('Location', '/a', own), '/a');
    assert.equal(await rewritten('Location', 'http://localhost:3000/a', own), '/a');
    const spite = 'http://localhost:3000//evil.example/';
    assert.equal(await rewritten('Location', spite, own), spite);
    assert.equal(await rewritten('Set-Cookie', 'a=1; Path=/', own), 'a=1; Path=/');
  });

  it('may stand behind the host that the caller called, which other tunnels share', async () => {
    const fields = [...HEAD.fields, 'X-Forwarded-Host', 'Proxy.Example:8080'];
    for (const [from, to] of [
      ['https://proxy.example:8080/a', '/forward/orders/a'],
      ['http://Proxy.example:8080', '/forward/orders/'],
    ] as const) {
      assert.equal(await rewritten('Location', from, { fields }), to);
    }
    for (const same of [
      'https://proxy.example:8080/forward/orders/a',
      'https://proxy.example:8080/forward/login/?next=a',
      'https://proxy.example/a',
    ]) {
      assert.equal(await rewritten('Location', same, { fields }), same);
    }
    const host = 'https://orders.example.dev/a';
    const own = { fields: ['X-Forwarded-Host', 'orders.example.dev'] };
    assert.equal(await rewritten('Location', host, own), host);
  });

  it('may stand behind the Host that the target was sent', async () => {
    const preserve = { hostHeader: 'preserve' };
    const location = 'https://tunnel.example/a';
    assert.equal(await rewritten('Location', location, preserve), '/forward/orders/a');
    assert.equal(await rewritten('Location', location), location);
    const fixed = { hostHeader: 'app.example:81', target: 'unix:/run/app.sock' };
    assert.equal(
      await rewritten('Location', 'http://app.example:81/a', fixed),
      '/forward/orders/a',
    );
  });
});
