import assert from 'node:assert/strict';
import { TrustedPeers } from '../../src/edge/trusted-peers.ts';

describe('trusted peers', () => {
  const CASES: readonly (readonly [item: string, inside: string, outside: string])[] = [
    ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['10.0.0.0/8', '10.255.255.255', '11.0.0.0'],
    ['203.0.113.128/25', '203.0.113.128', '203.0.113.127'],
    ['2001:db8::1', '2001:0db8:0::1', '2001:db8::2'],
    ['2001:db8::/32', '2001:db8:ffff::', '2001:db9::'],
    ['loopback', '127.9.9.9', '128.0.0.1'],
    ['loopback', '::1', '::2'],
    ['private', '172.31.255.255', '172.32.0.0'],
    ['private', '192.168.0.1', '192.169.0.1'],
    ['private', 'fd00::1', 'fe00::1'],
    ['fe80::/10', 'fe80::1%eth0', 'fec0::1%eth0'],
    ['0.0.0.0/0', '203.0.113.7', '2001:db8::1'],
    ['2001::/16', '2001:db8::1', '32.1.13.184'],
  ];
  for (const [item, inside, outside] of CASES) {
    it(`of ${item} include ${inside}, but not ${outside}`, () => {
      const peers = new TrustedPeers([item]);
      assert.deepEqual([peers.has(inside), peers.has(outside)], [true, false]);
    });
  }

  it('include all that any item stands for', () => {
    const peers = new TrustedPeers(['192.0.2.1', 'loopback', '2001:db8::/32']);
    for (const address of ['192.0.2.1', '127.0.0.1', '::1', '2001:db8::9']) {
      assert.equal(peers.has(address), true, address);
    }
  });

  it('never include what is no address', () => {
    const peers = new TrustedPeers(['0.0.0.0/0', '::/0']);
    for (const text of ['unknown', '', 'localhost', '1.2.3', '1.2.3.4:80', '[::1]']) {
      assert.equal(peers.has(text), false, text);
    }
  });

  it('are not made from what stands for no addresses', () => {
    assert.throws(() => new TrustedPeers(['localhost']), /localhost is no address/);
  });
});
