import assert from 'node:assert/strict';
import { addressOf } from '../../src/edge/address.ts';
import { NAMES } from '../support/names.ts';
import { mulberry32 } from '../support/random.ts';

const PATH_ONLY = { domain: undefined, ownHost: undefined };

describe('the address of a tunnel by its path', () => {
  const ADDRESSES: readonly (readonly [path: string, code: string, target: string])[] = [
    ['/forward/orders/', 'orders', '/'],
    ['/forward/orders', 'orders', '/'],
    ['/forward/orders/a/b', 'orders', '/a/b'],
    ['/forward/orders?', 'orders', '/?'],
    ['/forward/orders?a=b', 'orders', '/?a=b'],
    ['/forward/orders/?', 'orders', '/?'],
    ['/forward/orders/x?', 'orders', '/x?'],
    ['/forward/orders//', 'orders', '//'],
    ['/forward/orders//a//b', 'orders', '//a//b'],
    ['/forward/orders/a/../b/./c', 'orders', '/a/../b/./c'],
    ['/forward/orders/..', 'orders', '/..'],
    ['/forward/orders/../admin', 'orders', '/../admin'],
    ['/forward/orders/%2e%2E/%2f%00', 'orders', '/%2e%2E/%2f%00'],
    ['/forward/orders/%zz', 'orders', '/%zz'],
    ['/forward/orders/a?b?c=/../d', 'orders', '/a?b?c=/../d'],
    ['/forward/orders/\\x', 'orders', '/\\x'],
    ['/forward/orders/;a=1', 'orders', '/;a=1'],
    ['/forward/orders/\xe9\xff', 'orders', '/\xe9\xff'],
    ['/forward/orders/http://other/', 'orders', '/http://other/'],
    ['/forward/orders/agent/hello', 'orders', '/agent/hello'],
    ['/forward/orders/forward/other/', 'orders', '/forward/other/'],
    ['/forward/Or-d_3r/', 'Or-d_3r', '/'],
    [`/forward/${'x'.repeat(63)}/`, 'x'.repeat(63), '/'],
  ];
  for (const [path, code, target] of ADDRESSES) {
    it(`takes ${path} to ${code}, with the target ${target} as it stands`, () => {
      const address = { code, target, prefix: `/forward/${code}` };
      assert.deepEqual(addressOf(path, 'proxy.example', PATH_ONLY), address);
      assert.deepEqual(addressOf(path, undefined, NAMES), address);
      assert.deepEqual(addressOf(`http://any${path}`, undefined, NAMES), address);
    });
  }

  for (const path of [
    '',
    '/',
    '/forward',
    '/forward/',
    '/forward//',
    '/forward//orders/',
    '/forward/?orders',
    '/Forward/orders/',
    '/forwards/orders/',
    '/%66orward/orders/',
    '/forward/ord%65rs/',
    '/forward/../agent/',
    '/forward/./orders/',
    '/forward/.orders/',
    '/forward/a.b/',
    '/forward/-a/',
    '/forward/a;b/',
    '/forward/\xe9/',
    `/forward/${'x'.repeat(64)}/`,
    'ftp://p/forward/orders/',
    '*',
  ]) {
    it(`is not ${JSON.stringify(path)}`, () => {
      assert.equal(addressOf(path, 'proxy.example', NAMES), undefined);
    });
  }
});

describe('the address of a tunnel by its host', () => {
  for (const target of [
    '/',
    '/?',
    '/a/../b/%2e%2E//c?d=/../e',
    '/agent/hello',
    '/agent/',
    '/forward/other/',
    '/forward/orders/x',
    '/forward',
    '//',
    '*',
  ]) {
    it(`is its own origin: ${target} is the target’s, byte for byte`, () => {
      const address = { code: 'orders', target, prefix: undefined };
      assert.deepEqual(addressOf(target, 'orders.example.dev', NAMES), address);
    });
  }

  it('takes path and query from an absolute request target', () => {
    const targetOf = (target: string) => addressOf(target, 'orders.example.dev', NAMES)?.target;
    assert.equal(targetOf('http://orders.example.dev/a?b'), '/a?b');
    assert.equal(targetOf('HTTPS://orders.example.dev'), '/');
    assert.equal(targetOf('http://orders.example.dev?b'), '/?b');
  });

  it('is none for a request target that is no path', () => {
    for (const target of ['', 'a', '?a', 'ftp://orders.example.dev/', 'orders.example.dev:443']) {
      assert.equal(addressOf(target, 'orders.example.dev', NAMES), undefined, target);
    }
  });

  it('is by the path on the proxy’s own host, and on hosts that are nobody’s', () => {
    for (const host of ['proxy.example.dev', 'example.dev', 'a.b.example.dev', '127.0.0.1', '']) {
      assert.equal(addressOf('/agent/hello', host, NAMES), undefined, host);
      assert.equal(addressOf('/forward/a/b', host, NAMES)?.prefix, '/forward/a', host);
    }
  });

  it('never changes a byte of what it passes on, and never makes one tunnel of another', () => {
    const random = mulberry32(11);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const parts = [
      '/',
      '..',
      '%2e',
      '?',
      '*',
      'forward',
      'agent',
      'orders',
      'shop',
      ':',
      '\\',
      '@',
    ];
    const hosts = [
      'orders.example.dev',
      'shop.example.dev:80',
      'proxy.example.dev',
      'p',
      undefined,
    ];
    for (let round = 0; round < 20_000; round += 1) {
      const path = `/${Array.from({ length: Math.floor(random() * 8) }, () => pick(parts)).join('')}`;
      const host = pick(hosts);
      const address = addressOf(pick(['', 'http://any']) + path, host, NAMES);
      const own = /^(orders|shop)\./.exec(host ?? '')?.[1];
      if (own !== undefined) {
        assert.deepEqual(address, { code: own, target: path, prefix: undefined });
      } else if (address !== undefined) {
        const { prefix, target } = address;
        assert.equal(prefix, `/forward/${address.code}`);
        const rest = path.slice(prefix.length);
        assert.equal(target, rest.startsWith('/') ? rest : `/${rest}`);
        assert.ok(path.startsWith(prefix));
      }
    }
  });
});
