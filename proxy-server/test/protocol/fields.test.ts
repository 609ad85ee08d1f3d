import assert from 'node:assert/strict';
import { fieldValue, forwardableFields, forwardableTrailers } from '../../src/protocol/index.ts';

function forward(...raw: readonly string[]): string[] {
  return forwardableFields(raw, () => false);
}

describe('the fields that travel on', () => {
  it('keep order, case, duplicates and bytes', () => {
    const raw = [
      'b',
      '1',
      'A',
      '',
      'B',
      '2',
      'set-cookie',
      'x',
      'Set-Cookie',
      '\x80\xff',
      'b',
      '1',
    ];
    assert.deepEqual(forward(...raw), raw);
  });

  it('keep names that mean something to objects', () => {
    const raw = ['__proto__', 'x', 'constructor', 'y', 'hasOwnProperty', 'z'];
    assert.deepEqual(forward(...raw), raw);
  });

  for (const name of [
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'Proxy',
    'TE',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
  ]) {
    it(`do not include ${name}, in whatever case and number`, () => {
      const raw = ['A', '1', name, 'x', name.toUpperCase(), 'y', name.toLowerCase(), 'z', 'B', '2'];
      assert.deepEqual(forward(...raw), ['A', '1', 'B', '2']);
    });
  }

  it('include fields whose names only begin like a hop-by-hop one', () => {
    const raw = [
      'Proxy-Status',
      'x',
      'TEE',
      'y',
      'Connections',
      'z',
      'Upgrade-Insecure-Requests',
      '1',
    ];
    assert.deepEqual(forward(...raw), raw);
  });

  it('do not include what Connection names, before or after it, in any case', () => {
    assert.deepEqual(
      forward('X-Hop', '1', 'CONNECTION', 'x-hop, X-OTHER', 'x-Hop', '2', 'X-Other', '3', 'A', '4'),
      ['A', '4'],
    );
  });

  it('do not include what any of several Connection fields names', () => {
    const raw = ['Connection', 'a', 'A', '1', 'B', '2', 'connection', ' close ,\tb', 'C', '3'];
    assert.deepEqual(forward(...raw), ['C', '3']);
  });

  it('are not moved by empty members of Connection', () => {
    assert.deepEqual(forward('Connection', ', ,', 'A', '1'), ['A', '1']);
    assert.deepEqual(forward('Connection', '', 'A', '1'), ['A', '1']);
  });

  it('do not include what the caller of the function drops, by the name in lower case', () => {
    const asked: string[] = [];
    const kept = forwardableFields(['HoSt', 'a', 'B', 'c'], (name) => {
      asked.push(name);
      return name === 'host';
    });
    assert.deepEqual(kept, ['B', 'c']);
    assert.deepEqual(asked, ['host', 'b']);
  });
});

describe('the trailers that travel on', () => {
  for (const name of [
    'Content-Length',
    'Content-Encoding',
    'Content-Type',
    'Content-Range',
    'Host',
    'Authorization',
    'Set-Cookie',
    'Cache-Control',
    'Cookie',
    'TE',
    'Transfer-Encoding',
    'Connection',
    'Trailer',
  ]) {
    it(`do not include ${name}`, () => {
      assert.deepEqual(forwardableTrailers([name.toLowerCase(), 'x', name, 'y', 'Sum', 'z']), [
        'Sum',
        'z',
      ]);
    });
  }
});

describe('the value of a field', () => {
  it('is that of the first with the name, in any case', () => {
    assert.equal(fieldValue(['a', '1', 'B', '2', 'b', '3'], 'b'), '2');
  });

  it('is none where the name is only a value, or part of a name', () => {
    assert.equal(fieldValue(['a', 'b', 'bb', '2'], 'b'), undefined);
    assert.equal(fieldValue([], 'b'), undefined);
  });
});
