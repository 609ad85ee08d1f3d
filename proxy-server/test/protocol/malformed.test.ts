import assert from 'node:assert/strict';
import {
  decodeAcknowledge,
  decodeCancel,
  decodeEnd,
  decodeExchange,
  decodeFailure,
  decodeResponse,
  decodeResponseHead,
  decodeResult,
  decodeWaiting,
  MalformedError,
  uint32,
} from '../../src/protocol/index.ts';

const ID = '00112233445566778899aabbccddeeff';

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A payload of a text part whose length is right, or off by `slip`. */
function withText(text: string, slip = 0): Buffer {
  return bytes(uint32(text.length + slip) + text);
}

const GOOD = [ID, 'GET', '/', '1', '2', '1', '::1', '1.1', 'none', 'A', 'b'];

function exchange(change: (items: string[]) => void): Buffer {
  const items = [...GOOD];
  change(items);
  return withText(items.join('\n'));
}

function set(at: number, value: string): Buffer {
  return exchange((items) => items.splice(at, 1, value));
}

const MALFORMED: Readonly<
  Record<string, readonly [read: (payload: Buffer) => unknown, payload: Buffer]>
> = {
  'an exchange of no bytes': [decodeExchange, bytes('')],
  'an exchange of three bytes': [decodeExchange, bytes('\0\0\0')],
  'an exchange without text': [decodeExchange, withText('')],
  'an exchange whose text is longer than its record': [decodeExchange, withText('abc', 1)],
  'an exchange whose text claims 4 GiB': [decodeExchange, bytes('\xff\xff\xff\xff')],
  'an exchange of eight items': [decodeExchange, exchange((items) => items.splice(8))],
  'an exchange whose last field has no value': [decodeExchange, exchange((items) => items.pop())],
  'an exchange whose id is short': [decodeExchange, set(0, ID.slice(1))],
  'an exchange whose id is long': [decodeExchange, set(0, `${ID}0`)],
  'an exchange received at no time': [decodeExchange, set(3, '')],
  'an exchange received before 1970': [decodeExchange, set(3, '-1')],
  'an exchange received at a fraction': [decodeExchange, set(3, '1.5')],
  'an exchange whose patience is hexadecimal': [decodeExchange, set(4, '0x10')],
  'an exchange whose patience is beyond exact numbers': [decodeExchange, set(4, '1'.repeat(16))],
  'an exchange whose attempt is a word': [decodeExchange, set(5, 'one')],
  'an exchange whose attempt is followed by a word': [decodeExchange, set(5, '1 first')],
  'an exchange that is a copy of no number': [decodeExchange, set(5, ' copy')],
  'an exchange without a form of body': [decodeExchange, set(8, '')],
  'an exchange with an unknown form of body': [decodeExchange, set(8, 'file')],
  'an exchange whose form of body is in capitals': [decodeExchange, set(8, 'None')],
  'an exchange whose stream has no length': [decodeExchange, set(8, 'stream')],
  'an exchange whose stream has an empty length': [decodeExchange, set(8, 'stream ')],
  'an exchange whose stream has a negative length': [decodeExchange, set(8, 'stream -1')],
  'a response of no bytes': [decodeResponse, bytes('')],
  'a response whose text is longer than its record': [decodeResponse, withText(`${ID}\n200\n`, 9)],
  'a response without a status': [decodeResponseHead, bytes(ID)],
  'a response without a reason item': [decodeResponseHead, bytes(`${ID}\n200`)],
  'a response whose id is short': [decodeResponseHead, bytes(`abc\n200\nOK`)],
  'a response of status 99': [decodeResponseHead, bytes(`${ID}\n99\nOK`)],
  'a response of status 099': [decodeResponseHead, bytes(`${ID}\n099\nOK`)],
  'a response of status 1000': [decodeResponseHead, bytes(`${ID}\n1000\nOK`)],
  'a response of status +20': [decodeResponseHead, bytes(`${ID}\n+20\nOK`)],
  'a response whose status ends with CR': [decodeResponseHead, bytes(`${ID}\n200\r\nOK`)],
  'a response with half a field': [decodeResponseHead, bytes(`${ID}\n200\nOK\nA`)],
  'trailers with half a field': [decodeEnd, bytes('A\nb\nC')],
  'a cancellation without an id': [decodeCancel, bytes(ID.slice(1))],
  'a count of three bytes': [decodeWaiting, bytes('abc')],
  'a count of no bytes': [decodeWaiting, bytes('')],
  'acknowledgements that cut an id in two': [decodeAcknowledge, bytes(`${ID}${ID.slice(9)}`)],
  'a failure without a code': [decodeFailure, bytes(ID)],
  'a failure whose code is not the target’s': [decodeFailure, bytes(`${ID}\nunauthorized\nx`)],
  'a failure whose code is a member of objects': [decodeFailure, bytes(`${ID}\nconstructor\nx`)],
  'a failure without an id': [decodeFailure, bytes(`\ntarget_timeout\nx`)],
  'a result without an outcome': [decodeResult, bytes(ID)],
  'a result of outcome 0': [decodeResult, bytes(`${ID}\0`)],
  'a result of outcome 3': [decodeResult, bytes(`${ID}\x03`)],
  'a result with more after it': [decodeResult, bytes(`${ID}\x01\x01`)],
};

describe('a malformed record', () => {
  for (const [what, [read, payload]] of Object.entries(MALFORMED)) {
    it(`is told of ${what}`, () => {
      assert.throws(() => read(payload), MalformedError);
    });
  }

  it('is a stable code to programs', () => {
    assert.equal(new MalformedError('x').code, 'malformed');
  });

  it('is not what the tables begin with', () => {
    assert.doesNotThrow(() => decodeExchange(withText(GOOD.join('\n'))));
    assert.doesNotThrow(() => decodeResponseHead(bytes(`${ID}\n200\nOK\nA\nb`)));
  });
});

describe('a cancellation', () => {
  it('for a reason of later versions counts as a caller that left', () => {
    assert.deepEqual(decodeCancel(bytes(`${ID}bored`)), { id: ID, reason: 'caller_gone' });
  });
});
