import assert from 'node:assert/strict';
import { parseAddress } from '../../src/edge/address.ts';

describe('the address of a tunnel', () => {
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
    ['/forward/orders/forward/other/', 'orders', '/forward/other/'],
    ['/forward/Or-d_3r/', 'Or-d_3r', '/'],
    [`/forward/${'x'.repeat(63)}/`, 'x'.repeat(63), '/'],
  ];
  for (const [path, code, target] of ADDRESSES) {
    it(`takes ${path} to ${code}, with the target ${target} as it stands`, () => {
      assert.deepEqual(parseAddress(path), { code, target, prefix: `/forward/${code}` });
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
    'http://p/forward/orders/',
    '*',
  ]) {
    it(`is not ${JSON.stringify(path)}`, () => {
      assert.equal(parseAddress(path), undefined);
    });
  }
});
