import assert from 'node:assert/strict';
import { type Connection, fieldsForTarget, plainAddress } from '../../src/edge/forwarded.ts';
import { allOf, field } from '../support/caller.ts';

const CONNECTION: Connection = {
  address: '203.0.113.7',
  intermediaries: [],
  protocol: 'http',
  host: 'proxy.example',
  httpVersion: '1.1',
  pseudonym: 'caronte-0123abcd',
  prefix: '/forward/orders',
};

const OWN = [
  'Via',
  '1.1 caronte-0123abcd',
  'X-Forwarded-For',
  '203.0.113.7',
  'X-Forwarded-Proto',
  'http',
  'X-Forwarded-Host',
  'proxy.example',
  'X-Forwarded-Prefix',
  '/forward/orders',
  'Forwarded',
  'for=203.0.113.7;host=proxy.example;proto=http',
];

describe('the fields that the target gets', () => {
  it('are the caller’s as they came, then the proxy’s own', () => {
    const raw = ['hOsT', 'proxy.example', 'X-Sig', '\xe9', 'x-sig', '2', 'Via', '1.0 first'];
    assert.deepEqual(fieldsForTarget(raw, CONNECTION), [...raw, ...OWN]);
  });

  for (const name of [
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Prefix',
    'Caronte-Session',
    'Caronte-Error',
    'Caronte-Of-A-Later-Version',
  ]) {
    it(`do not include the caller’s own ${name}, in whatever case and number`, () => {
      const raw = [name, 'spite', name.toLowerCase(), 'spite', name.toUpperCase(), 'spite'];
      assert.deepEqual(fieldsForTarget(raw, CONNECTION), OWN);
    });
  }

  it('keep the proxy’s own although Connection names them', () => {
    const named = 'X-Forwarded-For, x-forwarded-proto, Forwarded, Via, X-Forwarded-Host, close';
    const raw = ['Connection', named, 'X-Forwarded-For', 'spite', 'Via', '1.1 a'];
    assert.deepEqual(fieldsForTarget(raw, CONNECTION), OWN);
  });

  it('name an IPv6 caller in brackets and quotes', () => {
    const fields = fieldsForTarget([], { ...CONNECTION, address: '2001:db8::1' });
    assert.equal(field(fields, 'X-Forwarded-For'), '2001:db8::1');
    assert.match(field(fields, 'Forwarded') ?? '', /^for="\[2001:db8::1\]";/);
  });

  it('quote a host that is no token', () => {
    const forwarded = (host: string) =>
      field(fieldsForTarget([], { ...CONNECTION, host }), 'Forwarded');
    assert.equal(forwarded('p:8080'), 'for=203.0.113.7;host="p:8080";proto=http');
    assert.equal(forwarded('[::1]'), 'for=203.0.113.7;host="[::1]";proto=http');
    assert.equal(forwarded('a"\\;for=x'), 'for=203.0.113.7;host="a\\"\\\\;for=x";proto=http');
    assert.equal(forwarded(''), 'for=203.0.113.7;host="";proto=http');
    assert.equal(forwarded('p'), 'for=203.0.113.7;host=p;proto=http');
  });

  it('say nothing of a host that the caller did not name', () => {
    const fields = fieldsForTarget([], { ...CONNECTION, host: undefined, httpVersion: '1.0' });
    assert.equal(field(fields, 'X-Forwarded-Host'), undefined);
    assert.equal(field(fields, 'Forwarded'), 'for=203.0.113.7;proto=http');
    assert.deepEqual(allOf(fields, 'Via'), ['1.0 caronte-0123abcd']);
  });

  it('name the trusted intermediaries behind the caller, the nearest last', () => {
    const intermediaries = ['2001:db8::2', '10.0.0.1'];
    const fields = fieldsForTarget([], { ...CONNECTION, protocol: 'https', intermediaries });
    assert.deepEqual(allOf(fields, 'X-Forwarded-For'), ['203.0.113.7, 2001:db8::2, 10.0.0.1']);
    assert.deepEqual(allOf(fields, 'Forwarded'), [
      'for=203.0.113.7;host=proxy.example;proto=https, for="[2001:db8::2]", for=10.0.0.1',
    ]);
  });

  it('say nothing of a prefix on the tunnel’s own origin', () => {
    const fields = fieldsForTarget([], { ...CONNECTION, prefix: undefined });
    assert.equal(field(fields, 'X-Forwarded-Prefix'), undefined);
  });

  it('say by which protocol the caller came', () => {
    const fields = fieldsForTarget([], { ...CONNECTION, protocol: 'https' });
    assert.equal(field(fields, 'X-Forwarded-Proto'), 'https');
    assert.match(field(fields, 'Forwarded') ?? '', /;proto=https$/);
  });
});

describe('the address of a caller', () => {
  it('has no prefix of a dual-stack socket', () => {
    assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('2001:db8::ffff:1'), '2001:db8::ffff:1');
    assert.equal(plainAddress('::ffff:7f00:1'), '::ffff:7f00:1');
  });

  it('is unknown once the connection is gone', () => {
    assert.equal(plainAddress(undefined), 'unknown');
  });
});
