import assert from 'node:assert/strict';
import { codeOfHost, hostOfCode } from '../../src/edge/names.ts';
import { publicUrls } from '../../src/edge/public-urls.ts';
import { NAMES } from '../support/names.ts';

describe('a host', () => {
  const OWN: readonly (readonly [host: string, code: string])[] = [
    ['orders.example.dev', 'orders'],
    ['ORDERS.Example.DEV', 'orders'],
    ['orders.example.dev:8080', 'orders'],
    ['orders.example.dev:', 'orders'],
    ['orders.example.dev.', 'orders'],
    ['orders.example.dev.:443', 'orders'],
    ['a-1--b.example.dev', 'a-1--b'],
    ['9.example.dev', '9'],
    [`${'x'.repeat(63)}.example.dev`, 'x'.repeat(63)],
  ];
  for (const [host, code] of OWN) {
    it(`such as ${host} is the tunnel’s of ${code}`, () => {
      assert.equal(codeOfHost(host, NAMES), code);
    });
  }

  for (const host of [
    '',
    '.',
    ':80',
    'example.dev',
    '.example.dev',
    'orders',
    'ordersexample.dev',
    'orders.example.dev.evil.org',
    'orders.example.dev..',
    'orders.example.dev@evil.org',
    'orders.example.dev:80:80',
    'orders.example.dev:x',
    'orders.example.org',
    'a.b.example.dev',
    'a_b.example.dev',
    '-a.example.dev',
    'a-.example.dev',
    '%6frders.example.dev',
    'orders.example.dev, other.example.dev',
    '\xe9.example.dev',
    'proxy.example.dev',
    'PROXY.example.dev.:443',
    '127.0.0.1',
    '[::1]:80',
    `${'x'.repeat(64)}.example.dev`,
  ]) {
    it(`such as ${JSON.stringify(host)} is no tunnel’s`, () => {
      assert.equal(codeOfHost(host, NAMES), undefined);
    });
  }

  it('is no tunnel’s if there is no domain, or the caller named none', () => {
    assert.equal(
      codeOfHost('orders.example.dev', { domain: undefined, ownHost: undefined }),
      undefined,
    );
    assert.equal(codeOfHost(undefined, NAMES), undefined);
  });
});

describe('a code', () => {
  it('has a host if it is a label of host names in lower case, and leads back from there', () => {
    for (const code of ['orders', 'a', '7', 'a-b', 'xn--e1afmkfd']) {
      const host = hostOfCode(code, NAMES);
      assert.equal(host, `${code}.example.dev`);
      assert.equal(codeOfHost(host, NAMES), code);
    }
  });

  it('has none if host names cannot tell it from another one, or cannot hold it', () => {
    for (const code of ['Orders', 'ORDERS', 'a_b']) {
      assert.equal(hostOfCode(code, NAMES), undefined, code);
    }
  });

  it('has none if that is the proxy’s own', () => {
    assert.equal(hostOfCode('proxy', NAMES), undefined);
  });
});

describe('the public URLs of a tunnel', () => {
  const PLACE = { names: NAMES, publicUrl: undefined, protocol: 'http', port: 8080 } as const;

  it('begin with its own origin, then comes the path', () => {
    const place = { ...PLACE, publicUrl: 'https://proxy.example.dev' };
    assert.deepEqual(publicUrls('orders', place), [
      'https://orders.example.dev/',
      'https://proxy.example.dev/forward/orders/',
    ]);
  });

  it('take scheme and port from the public URL, but not its path', () => {
    const place = { ...PLACE, publicUrl: 'http://proxy.example.dev:81/below' };
    assert.deepEqual(publicUrls('orders', place), [
      'http://orders.example.dev:81/',
      'http://proxy.example.dev:81/below/forward/orders/',
    ]);
  });

  it('are as the proxy itself listens if it was told no public URL', () => {
    assert.deepEqual(publicUrls('orders', PLACE), ['http://orders.example.dev:8080/']);
    assert.deepEqual(publicUrls('orders', { ...PLACE, protocol: 'https', port: 443 }), [
      'https://orders.example.dev/',
    ]);
  });

  it('are the path alone for a code without a host', () => {
    const place = { ...PLACE, publicUrl: 'https://proxy.example.dev' };
    assert.deepEqual(publicUrls('Orders', place), ['https://proxy.example.dev/forward/Orders/']);
    assert.deepEqual(publicUrls('Orders', PLACE), []);
  });
});
