import assert from 'node:assert/strict';
import {
  type BodyForm,
  CANCEL_REASON,
  decodeAcknowledge,
  decodeCancel,
  decodeEnd,
  decodeExchange,
  decodeFailure,
  decodeQueue,
  decodeResponse,
  decodeResponseHead,
  decodeResult,
  decodeWaiting,
  encodeAbort,
  encodeAcknowledge,
  encodeCancel,
  encodeEnd,
  encodeExchange,
  encodeFailure,
  encodeInformation,
  encodeQueue,
  encodeResponse,
  encodeResponseStart,
  encodeResult,
  encodeTakenOver,
  encodeWaiting,
  type ExchangeHead,
  FAILURE,
  OUTCOME,
  problemDocument,
  readUint32,
  uint32,
} from '../../src/protocol/index.ts';
import { payloadOf } from '../support/decoding.ts';

const ID = 'fedcba9876543210fedcba9876543210';

/** Every byte but the one that divides items. */
const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
  .join('')
  .replace('\n', '');

function head(more: Partial<ExchangeHead> = {}): ExchangeHead {
  return {
    id: ID,
    method: 'POST',
    target: '/a/../b/%2e?x=1&',
    receivedAt: 1_700_000_000_000,
    patienceMs: 120_000,
    attempt: 1,
    caller: '203.0.113.7',
    httpVersion: '1.1',
    body: { kind: 'none' },
    fields: ['Host', 'example.org'],
    ...more,
  };
}

describe('what is encoded is decoded to the same', () => {
  const FORMS: readonly BodyForm[] = [
    { kind: 'none' },
    { kind: 'inline' },
    { kind: 'stream', length: undefined },
    { kind: 'stream', length: 0 },
    { kind: 'stream', length: 1024 ** 3 },
  ];
  for (const body of FORMS) {
    it(`for an exchange whose body is ${JSON.stringify(body)}`, () => {
      const decoded = decodeExchange(payloadOf(encodeExchange(head({ body }), 0)));
      assert.deepEqual(decoded.head, head({ body }));
      assert.equal(decoded.body.length, 0);
    });
  }

  it('for an exchange that is a copy', () => {
    const copy = head({ attempt: 12, copy: true });
    assert.deepEqual(decodeExchange(payloadOf(encodeExchange(copy, 0))).head, copy);
  });

  it('for an exchange that comes from the queue', () => {
    const queued = head({ attempt: 3, queued: ID });
    assert.deepEqual(decodeExchange(payloadOf(encodeExchange(queued, 0))).head, queued);
    const copy = head({ attempt: 3, copy: true, queued: ID });
    assert.deepEqual(decodeExchange(payloadOf(encodeExchange(copy, 0))).head, copy);
  });

  it('for the state of a queue', () => {
    const state = { waiting: 12, dead: 3, oldestAt: 1_700_000_000_000, paused: false };
    assert.deepEqual(decodeQueue(payloadOf(encodeQueue(state))), state);
    const empty = { waiting: 0, dead: 0, oldestAt: undefined, paused: true };
    assert.deepEqual(decodeQueue(payloadOf(encodeQueue(empty))), empty);
  });

  const FIELDS: readonly (readonly [string, readonly string[]])[] = [
    ['no fields', []],
    ['an empty value', ['A', '']],
    ['an empty value at the end', ['A', 'b', 'C', '']],
    ['a value of every byte but LF', ['A', ALL_BYTES]],
    ['duplicates in their order and case', ['a', '1', 'A', '2', 'a', '1']],
    ['names of members of objects', ['__proto__', '1', 'constructor', '2']],
    ['1,000 fields', Array.from({ length: 2000 }, (_, index) => `item-${index}`)],
  ];
  for (const [what, fields] of FIELDS) {
    it(`for an exchange with ${what}`, () => {
      const decoded = decodeExchange(payloadOf(encodeExchange(head({ fields }), 0)));
      assert.deepEqual(decoded.head.fields, fields);
    });

    it(`for a response with ${what}`, () => {
      const response = { id: ID, status: 201, reason: 'Made', fields };
      assert.deepEqual(decodeResponse(payloadOf(encodeResponse(response, 0))).head, response);
      assert.deepEqual(decodeResponseHead(payloadOf(encodeResponseStart(response))), response);
      assert.deepEqual(decodeResponseHead(payloadOf(encodeInformation(response))), response);
    });

    it(`for trailers that are ${what}`, () => {
      assert.deepEqual(decodeEnd(payloadOf(encodeEnd(fields))), fields);
    });
  }

  it('for a target and a method with bytes above 0x7F', () => {
    const odd = head({ target: `/${ALL_BYTES}`, method: 'M-SEARCH' });
    assert.deepEqual(decodeExchange(payloadOf(encodeExchange(odd, 0))).head, odd);
  });

  it('for inline bodies of every byte, LF and line ends among them', () => {
    const body = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256));
    const exchange = encodeExchange(head({ body: { kind: 'inline' } }), body.length);
    assert.deepEqual(Buffer.from(decodeExchange(payloadOf(exchange, body)).body), body);
    const response = encodeResponse({ id: ID, status: 200, reason: '', fields: [] }, body.length);
    assert.deepEqual(Buffer.from(decodeResponse(payloadOf(response, body)).body), body);
  });

  for (const status of [100, 200, 999]) {
    it(`for a response of status ${status} without a reason`, () => {
      const response = { id: ID, status, reason: '', fields: [] };
      assert.deepEqual(decodeResponseHead(payloadOf(encodeResponseStart(response))), response);
    });
  }

  for (const reason of Object.values(CANCEL_REASON)) {
    it(`for a cancellation since ${reason}`, () => {
      assert.deepEqual(decodeCancel(payloadOf(encodeCancel(ID, reason))), { id: ID, reason });
    });
  }

  for (const code of Object.values(FAILURE)) {
    it(`for the failure ${code}`, () => {
      const failure = { id: ID, code, detail: 'http://localhost:1: refused' };
      assert.deepEqual(decodeFailure(payloadOf(encodeFailure(failure))), failure);
    });
  }

  for (const outcome of Object.values(OUTCOME)) {
    it(`for the outcome ${outcome}`, () => {
      assert.deepEqual(decodeResult(payloadOf(encodeResult(ID, outcome))), { id: ID, outcome });
    });
  }

  for (const count of [0, 1, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff]) {
    it(`for ${count} that wait`, () => {
      assert.equal(decodeWaiting(payloadOf(encodeWaiting(count))), count);
      assert.equal(readUint32(Buffer.from(uint32(count), 'latin1'), 0), count);
    });
  }

  for (const count of [0, 1, 3, 4000]) {
    it(`for ${count} acknowledgements`, () => {
      const ids = Array.from({ length: count }, (_, at) => at.toString(16).padStart(32, '0'));
      assert.deepEqual(decodeAcknowledge(payloadOf(encodeAcknowledge(ids))), ids);
    });
  }
});

describe('text for people', () => {
  const SPITE = `a\r\nSet-Cookie: b\0\n${'x'.repeat(5000)}\xff\u2028`;

  it('travels as one line of printable ASCII, cut where its record ends', () => {
    const { detail } = decodeFailure(
      payloadOf(encodeFailure({ id: ID, code: 'target_broke_off', detail: SPITE })),
    );
    assert.match(detail, /^a\?\?Set-Cookie: b\?\?x+$/);
    assert.equal(detail.length, 1000);
    assert.match(payloadOf(encodeAbort(SPITE)).toString('latin1'), /^[\x20-\x7e]{1000}$/);
    assert.match(payloadOf(encodeTakenOver(SPITE)).toString('latin1'), /^[\x20-\x7e]{200}$/);
  });

  it('makes a problem document that holds whatever its detail holds', () => {
    const document = problemDocument({ code: 'no_agent', detail: SPITE });
    assert.deepEqual(JSON.parse(document), {
      type: 'about:blank',
      title: 'No agent is connected for this tunnel',
      status: 503,
      detail: SPITE,
      code: 'no_agent',
    });
  });
});
