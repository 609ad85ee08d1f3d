import assert from 'node:assert/strict';
import {
  type Bytes,
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
  RECORD,
  RecordDecoder,
  uint32,
  WIRE_LIMITS,
} from '../../src/protocol/index.ts';
import { mulberry32 } from '../support/random.ts';

const CASES = 100_000;
const TYPES = Object.values(RECORD);

const READERS: Readonly<Record<number, (payload: Bytes) => unknown>> = {
  [RECORD.exchange]: decodeExchange,
  [RECORD.cancel]: decodeCancel,
  [RECORD.waiting]: decodeWaiting,
  [RECORD.acknowledge]: decodeAcknowledge,
  [RECORD.response]: decodeResponse,
  [RECORD.responseStart]: decodeResponseHead,
  [RECORD.information]: decodeResponseHead,
  [RECORD.end]: decodeEnd,
  [RECORD.failure]: decodeFailure,
  [RECORD.result]: decodeResult,
};

/** Bodies that are nearly right: known types and plausible lengths more often than not. */
function makeBody(random: () => number): Buffer {
  const whole = (below: number): number => Math.floor(random() * below);
  const bytes = (length: number): Buffer =>
    Buffer.from(Array.from({ length }, () => (random() < 0.4 ? 0x0a : whole(256))));
  const parts: Buffer[] = [Buffer.from([random() < 0.95 ? 1 : whole(256)])];
  for (let count = whole(4); count >= 0; count -= 1) {
    const type = random() < 0.9 ? (TYPES[whole(TYPES.length)] ?? 0) : whole(256);
    const payload = Buffer.concat([
      random() < 0.5 ? Buffer.from(uint32(whole(80)), 'latin1') : bytes(whole(5)),
      random() < 0.5 ? Buffer.from('0123456789abcdef0123456789abcdef') : bytes(whole(40)),
      random() < 0.3 ? Buffer.from('\n200\nOK\nA\nb') : bytes(whole(60)),
    ]);
    const slip = random() < 0.8 ? 0 : whole(1 << whole(31));
    const header = `${String.fromCharCode(type)}${uint32(payload.length + slip)}`;
    parts.push(Buffer.from(header, 'latin1'), payload);
  }
  return Buffer.concat(parts);
}

describe('records made at random', () => {
  it(`of ${CASES} bodies none does anything but decode or be malformed`, () => {
    const random = mulberry32(20_260_101);
    let decoded = 0;
    let malformed = 0;
    for (let round = 0; round < CASES; round += 1) {
      const body = makeBody(random);
      const decoder = new RecordDecoder({
        allocate: (size) => {
          assert.ok(size <= WIRE_LIMITS.record, `case ${round} allocates ${size} bytes`);
          return Buffer.alloc(size);
        },
        onRecord: (type, payload) => READERS[type]?.(payload),
        onData: () => undefined,
      });
      try {
        for (let at = 0; at < body.length;) {
          const end = at + 1 + Math.floor(random() * 40);
          decoder.push(body.subarray(at, end));
          at = end;
        }
        decoder.finish();
        decoded += 1;
      } catch (error) {
        assert.ok(error instanceof MalformedError, `case ${round}: ${String(error)}`);
        malformed += 1;
      }
    }
    // A generator that only ever makes the one or the other would test little.
    assert.ok(decoded > CASES / 50, `${decoded} decoded`);
    assert.ok(malformed > CASES / 50, `${malformed} malformed`);
  }).timeout(60_000);
});
