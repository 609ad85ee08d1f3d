import assert from 'node:assert/strict';
import {
  encodeAbort,
  encodeAcknowledge,
  encodeDraining,
  encodeEnd,
  encodeExchange,
  encodeResponse,
  encodeWaiting,
  MalformedError,
  RECORD,
  RecordDecoder,
  recordHeader,
  type RecordType,
  uint32,
  WIRE_LIMITS,
} from '../../src/protocol/index.ts';
import { Decoded } from '../support/decoding.ts';

const ID = '0123456789abcdef0123456789abcdef';

/** One record of every kind of payload: text, text and body, empty, fixed, DATA. */
const BODY = Buffer.from(
  '\x01' +
    encodeDraining() +
    encodeWaiting(7) +
    encodeExchange(
      {
        id: ID,
        method: 'POST',
        target: '/a?\xff',
        receivedAt: 1,
        patienceMs: 2,
        attempt: 1,
        caller: '::1',
        httpVersion: '1.1',
        body: { kind: 'inline' },
        fields: ['A', '\x80\xff', 'B', ''],
      },
      3,
    ) +
    'xyz' +
    recordHeader(RECORD.data, 5) +
    'hello' +
    recordHeader(RECORD.data, 0) +
    encodeEnd(['T', 'v']) +
    encodeAcknowledge([ID, ID]) +
    encodeResponse({ id: ID, status: 200, reason: '', fields: [] }, 0),
  'latin1',
);

function header(type: number, length: number): Buffer {
  return Buffer.from(`\x01${String.fromCharCode(type)}${uint32(length)}`, 'latin1');
}

describe('the record decoder', () => {
  const whole = Decoded.of([BODY]);

  it('hands on every record of a body in order', () => {
    assert.deepEqual(
      whole.records.map(({ type }) => type),
      [
        RECORD.draining,
        RECORD.waiting,
        RECORD.exchange,
        RECORD.end,
        RECORD.acknowledge,
        RECORD.response,
      ],
    );
    assert.equal(whole.data, 'hello');
  });

  it('allocates nothing for records that lie whole in a chunk', () => {
    assert.deepEqual(whole.allocated, []);
  });

  it('reads the same from a body that is split in two anywhere', () => {
    for (let at = 0; at <= BODY.length; at += 1) {
      const split = Decoded.of([BODY.subarray(0, at), BODY.subarray(at)]);
      assert.deepEqual(split.records, whole.records, `split at ${at}`);
      assert.equal(split.data, whole.data, `split at ${at}`);
    }
  });

  for (const size of [1, 2, 3, 5, 7, 64]) {
    it(`reads the same from chunks of ${size}`, () => {
      const chunks: Buffer[] = [];
      for (let at = 0; at < BODY.length; at += size) chunks.push(BODY.subarray(at, at + size));
      const split = Decoded.of(chunks);
      assert.deepEqual(split.records, whole.records);
      assert.equal(split.data, whole.data);
    });
  }

  it('passes empty chunks over, before the version byte too', () => {
    const none = Buffer.alloc(0);
    const split = Decoded.of([none, BODY.subarray(0, 1), none, BODY.subarray(1), none]);
    assert.deepEqual(split.records, whole.records);
  });

  it('hands DATA on before the record is complete', () => {
    const decoded = new Decoded();
    decoded.decoder.push(header(RECORD.data, 1000));
    decoded.decoder.push(Buffer.from('abc'));
    assert.equal(decoded.data, 'abc');
    assert.deepEqual(decoded.allocated, []);
  });

  it('takes a body without records, with or without a version byte', () => {
    assert.deepEqual(Decoded.of([]).records, []);
    assert.deepEqual(Decoded.of([Buffer.from([1])]).records, []);
  });

  for (const version of [0, 2, 0x31, 0xff]) {
    it(`refuses version byte ${version}`, () => {
      assert.throws(() => Decoded.of([Buffer.from([version])]), MalformedError);
    });
  }

  it('refuses a second version byte where a record should begin', () => {
    // 0x01 is EXCHANGE there, and what follows makes a length beyond every limit.
    const twice = Buffer.concat([Buffer.from([1]), BODY.subarray(0, 5), Buffer.alloc(8, 0xff)]);
    assert.throws(() => Decoded.of([twice]), MalformedError);
  });

  it('refuses every type that is not in the table', () => {
    const known = new Set<number>(Object.values(RECORD));
    for (let type = 0; type < 256; type += 1) {
      const decoded = new Decoded();
      const push = (): void => decoded.decoder.push(header(type, 0));
      if (known.has(type)) assert.doesNotThrow(push, `type ${type}`);
      else assert.throws(push, new MalformedError(`unknown record type ${type}`));
    }
  });

  const LIMITS: readonly (readonly [keyof typeof RECORD, number])[] = [
    ['exchange', 256 * 1024 + 64 * 1024 + 64],
    ['cancel', 64],
    ['waiting', 4],
    ['takenOver', 1024],
    ['draining', 0],
    ['queue', 64],
    ['acknowledge', 128 * 1024],
    ['response', 256 * 1024 + 64 * 1024 + 64],
    ['responseStart', 256 * 1024],
    ['data', 1024 * 1024],
    ['end', 256 * 1024],
    ['abort', 1024],
    ['failure', 4096],
    ['information', 256 * 1024],
    ['result', 64],
  ];

  it('has a limit tested for every type', () => {
    assert.deepEqual(LIMITS.map(([name]) => name).sort(), Object.keys(RECORD).sort());
  });

  for (const [name, max] of LIMITS) {
    it(`takes ${name} of ${max} bytes and refuses one more at its header`, () => {
      const decoded = Decoded.of([header(RECORD[name], max), Buffer.alloc(max, 0x61)]);
      const handed = name === 'data' ? decoded.data : decoded.records[0]?.payload;
      assert.equal(handed?.length, max);
      const over = new Decoded();
      assert.throws(() => over.decoder.push(header(RECORD[name], max + 1)), MalformedError);
      assert.deepEqual(over.allocated, []);
    });
  }

  it('refuses the largest length there is without allocating', () => {
    for (const type of Object.values(RECORD)) {
      const decoded = new Decoded();
      assert.throws(() => decoded.decoder.push(header(type, 0xffffffff)), MalformedError);
      assert.deepEqual(decoded.allocated, []);
    }
  });

  it('refuses a body that ends anywhere inside a record', () => {
    // Where one record ends and the next begins, an end is in order.
    const between = new Set<number>([0, 1]);
    let at = 1;
    while (at < BODY.length) {
      at += 5 + BODY.readUInt32BE(at + 1);
      between.add(at);
    }
    for (let end = 0; end <= BODY.length; end += 1) {
      const decode = (): unknown => Decoded.of([BODY.subarray(0, end)]);
      if (between.has(end)) assert.doesNotThrow(decode, `end at ${end}`);
      else assert.throws(decode, new MalformedError('the body ends inside a record'), `at ${end}`);
    }
  });

  it('gives a record that came in pieces bytes of its own', () => {
    const payloads: Uint8Array[] = [];
    const decoder = new RecordDecoder({
      allocate: (size) => Buffer.alloc(size),
      onRecord: (_type, payload) => payloads.push(payload),
      onData: () => undefined,
    });
    const record = Buffer.from(encodeAbort('first and last'), 'latin1');
    const first = Buffer.concat([Buffer.from([1]), record.subarray(0, 9)]);
    decoder.push(first);
    first.fill(0);
    decoder.push(record.subarray(9));
    assert.equal(Buffer.from(payloads[0] ?? []).toString(), 'first and last');
  });

  it('never lets a batch of acknowledgements outgrow its record', () => {
    // As many ids as an agent puts into one poll.
    const ids = Array.from({ length: 4000 }, () => ID);
    const record = encodeAcknowledge(ids);
    assert.ok(record.length - 5 <= WIRE_LIMITS.acknowledgements);
    assert.doesNotThrow(() => Decoded.of([Buffer.from(`\x01${record}`, 'latin1')]));
  });

  it('knows each type by a number of its own', () => {
    const types: readonly RecordType[] = Object.values(RECORD);
    assert.equal(new Set(types).size, types.length, 'two types share a number');
  });
});
