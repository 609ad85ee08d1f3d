import assert from 'node:assert/strict';
import { type Claims, claimsOf, MAX_INTERMEDIARIES } from '../../src/edge/claims.ts';
import { readForwarded } from '../../src/edge/forwarded-field.ts';
import { TrustedPeers } from '../../src/edge/trusted-peers.ts';
import { mulberry32 } from '../support/random.ts';

const PEERS = new TrustedPeers(['private', '2001:db8::/32']);
const PEER = '10.0.0.1';

function claims(headers: Record<string, string>): Claims {
  return claimsOf(headers, PEER, (address) => PEERS.has(address));
}

/** Caller first, then the intermediaries, in one text. */
function wayOf(headers: Record<string, string>): string {
  const { caller, intermediaries } = claims(headers);
  return [caller, ...intermediaries].join(' ');
}

describe('what a trusted peer says of the caller', () => {
  it('is nothing without its fields', () => {
    assert.deepEqual(claims({}), {
      caller: PEER,
      intermediaries: [],
      protocol: undefined,
      host: undefined,
    });
  });

  const WAYS: readonly (readonly [forwardedFor: string, way: string])[] = [
    ['203.0.113.7', '203.0.113.7 10.0.0.1'],
    ['203.0.113.7:4711', '203.0.113.7 10.0.0.1'],
    ['2001:4::7', '2001:4::7 10.0.0.1'],
    ['[2001:4::7]:4711', '2001:4::7 10.0.0.1'],
    ['[2001:4::7]', '2001:4::7 10.0.0.1'],
    ['::ffff:203.0.113.7', '203.0.113.7 10.0.0.1'],
    ['203.0.113.7, 10.0.0.2', '203.0.113.7 10.0.0.2 10.0.0.1'],
    ['203.0.113.7,2001:db8::2 ,\t10.0.0.2', '203.0.113.7 2001:db8::2 10.0.0.2 10.0.0.1'],
    // What the caller itself sent stands left of its address.
    ['192.0.2.66, 203.0.113.7', '203.0.113.7 10.0.0.1'],
    ['10.0.0.66, 203.0.113.7, 10.0.0.2', '203.0.113.7 10.0.0.2 10.0.0.1'],
    // All are trusted: the caller is the first.
    ['10.0.0.3, 10.0.0.2', '10.0.0.3 10.0.0.2 10.0.0.1'],
    ['192.0.2.66, unknown', '10.0.0.1'],
    ['192.0.2.66, unknown, 10.0.0.2', '10.0.0.2 10.0.0.1'],
    ['', '10.0.0.1'],
    [',', '10.0.0.1'],
    ['203.0.113.7,', '10.0.0.1'],
    ['203.0.113.777', '10.0.0.1'],
    ['localhost', '10.0.0.1'],
    ['fe80::1%eth0', '10.0.0.1'],
    ['203.0.113.7\r\nX: y', '10.0.0.1'],
  ];
  for (const [forwardedFor, way] of WAYS) {
    it(`comes to ${way} by X-Forwarded-For: ${JSON.stringify(forwardedFor)}`, () => {
      assert.equal(wayOf({ 'x-forwarded-for': forwardedFor }), way);
    });
  }

  it(`goes through ${MAX_INTERMEDIARIES} intermediaries at most`, () => {
    const hops = (count: number) => Array.from({ length: count }, () => '10.0.0.9').join(', ');
    const ends = (count: number) => claims({ 'x-forwarded-for': `203.0.113.7, ${hops(count)}` });
    const most = ends(MAX_INTERMEDIARIES - 1);
    assert.equal(most.caller, '203.0.113.7');
    assert.equal(most.intermediaries.length, MAX_INTERMEDIARIES);
    for (const count of [MAX_INTERMEDIARIES, 10_000]) {
      const { caller, intermediaries } = ends(count);
      assert.deepEqual([caller, intermediaries.length], ['10.0.0.9', MAX_INTERMEDIARIES]);
    }
  });

  it('includes protocol and host', () => {
    const said = claims({ 'x-forwarded-proto': 'HTTPS', 'x-forwarded-host': 'a.example:8443' });
    assert.deepEqual([said.protocol, said.host], ['https', 'a.example:8443']);
    assert.equal(said.caller, PEER);
  });

  it('of a list is what the same intermediary added as the caller’s address', () => {
    const said = (forwardedFor: string, list: string) =>
      claims({ 'x-forwarded-for': forwardedFor, 'x-forwarded-proto': list }).protocol;
    assert.equal(said('203.0.113.7, 10.0.0.2', 'https, http'), 'https');
    assert.equal(said('192.0.2.66, 203.0.113.7, 10.0.0.2', 'http, https, http'), 'https');
    // Made up by the caller, then appended to.
    assert.equal(said('203.0.113.7', 'https, http'), 'http');
    // Replaced by one who does not append.
    assert.equal(said('203.0.113.7, 10.0.0.2', 'https'), 'https');
  });

  it('is not taken for protocol or host if it is none', () => {
    for (const value of ['', 'ftp', 'https;', 'http://', '\xe9', 'a b']) {
      assert.equal(claims({ 'x-forwarded-proto': value }).protocol, undefined, value);
    }
    for (const value of ['', 'a b', 'a/b', 'a@b', 'a:b', 'a"', '[::1', 'a\r\nX: y', '\xe9.a']) {
      assert.equal(claims({ 'x-forwarded-host': value }).host, undefined, value);
    }
  });

  it('may come in Forwarded', () => {
    const forwarded =
      'for=192.0.2.66;host=evil, For="[2001:4::7]:47";Proto=https;host="a.example:1";by=_x, for=10.0.0.2;proto=http';
    assert.deepEqual(claims({ forwarded }), {
      caller: '2001:4::7',
      intermediaries: ['10.0.0.2', '10.0.0.1'],
      protocol: 'https',
      host: 'a.example:1',
    });
  });

  it('keeps protocol and host of Forwarded although the caller’s address is hidden', () => {
    const said = claims({ forwarded: 'for=evil;proto=http, for=_hidden;proto=https;host=a' });
    assert.deepEqual([said.caller, said.protocol, said.host], [PEER, 'https', 'a']);
  });

  it('in Forwarded does not count beside X-Forwarded-For', () => {
    const headers = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=192.0.2.66;proto=https' };
    assert.equal(wayOf(headers), '203.0.113.7 10.0.0.1');
    assert.equal(claims(headers).protocol, undefined);
  });

  it('survives whatever a caller put before it', () => {
    const random = mulberry32(7);
    const signs = ['"', '\\', ',', ';', '=', ' ', 'for', 'a', '[', ']', ':', '1.2.3.4', '\xff'];
    for (let round = 0; round < 20_000; round += 1) {
      const length = Math.floor(random() * 12);
      const spite = Array.from(
        { length },
        () => signs[Math.floor(random() * signs.length)] ?? '',
      ).join('');
      const added = 'for=203.0.113.7;host="a:1";proto=https';
      const { caller, host } = claims({ forwarded: `${spite}, ${added}` });
      assert.ok(caller === '203.0.113.7' || caller === PEER, spite);
      assert.ok(host === 'a:1' || host === undefined, spite);
      assert.equal(wayOf({ 'x-forwarded-for': `${spite}, 203.0.113.7` }), '203.0.113.7 10.0.0.1');
    }
  });
});

describe('a Forwarded field', () => {
  it('is read with quotes, blanks and empty elements', () => {
    assert.deepEqual(readForwarded(' for=a , ,host="b, \\"c\\";d"; proto=http ,FOR="[::1]:8"'), [
      { for: 'a' },
      { host: 'b, "c";d', proto: 'http' },
      { for: '[::1]:8' },
    ]);
    assert.deepEqual(readForwarded(''), []);
    assert.deepEqual(readForwarded('for=1.2.3.4:80;host=a:1'), [
      { for: '1.2.3.4:80', host: 'a:1' },
    ]);
  });

  for (const text of [
    'for',
    'for="a',
    'for="a"b',
    'for=a b',
    '=a',
    'for=a;',
    ';for=a',
    'for=a;for=b',
  ]) {
    it(`such as ${text} is malformed`, () => {
      assert.equal(readForwarded(text), undefined);
      assert.equal(readForwarded(`${text}, for=203.0.113.7`), undefined);
    });
  }
});
