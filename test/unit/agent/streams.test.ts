import {
  encodeAbort,
  encodeEnd,
  encodeResponseStart,
  MalformedError,
  RECORD,
  recordHeader,
  SILENCE_MS,
} from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ReplyStream } from '../../../src/agent/reply-stream.ts';
import { BodyBrokenError, fetchBody } from '../../../src/agent/request-body.ts';
import { FakeClock } from './support/clock.ts';
import { freshId, readRecords, records } from './support/fake-proxy.ts';
import { turns } from './support/wait.ts';

const HEAD = { id: freshId(), status: 200, reason: 'OK', fields: ['A', '\xe9'] };

function data(bytes: Buffer | string): Buffer {
  const payload = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(recordHeader(RECORD.data, payload.length), 'latin1'), payload]);
}

describe('a reply in pieces', () => {
  it('is a start, DATA and an end', async () => {
    const stream = new ReplyStream(HEAD, new FakeClock(), () => undefined);
    stream.write(Buffer.from('one'));
    stream.write(Buffer.from([0xff, 0x0a]));
    stream.end(['X-Sum', '1']);
    assert.deepEqual(
      await buffer(stream.body),
      records(
        encodeResponseStart(HEAD),
        data('one'),
        data(Buffer.from([0xff, 0x0a])),
        encodeEnd(['X-Sum', '1']),
      ),
    );
  });

  it('that breaks off ends with ABORT', async () => {
    const stream = new ReplyStream(HEAD, new FakeClock(), () => undefined);
    stream.write(Buffer.from('half'));
    stream.abort('it\nbroke');
    const last = readRecords(await buffer(stream.body)).at(-1);
    assert.deepEqual(last, { type: RECORD.abort, payload: Buffer.from('it?broke') });
  });

  it('asks for a pause once 256 KiB wait, and tells when there is room again', async () => {
    let asked = 0;
    const stream = new ReplyStream(HEAD, new FakeClock(), () => (asked += 1));
    const piece = randomBytes(64 * 1024);
    const room = [1, 2, 3].map(() => stream.write(piece));
    assert.deepEqual(room, [true, true, true]);
    assert.equal(stream.write(piece), false);
    await turns(5);
    const before = asked;
    let read = 0;
    for await (const chunk of stream.body) {
      read += (chunk as Buffer).length;
      if (read > 4 * piece.length) break;
    }
    assert.ok(asked > before);
  });

  it('gives a sign of life while it has nothing to say, until it ends', async () => {
    const clock = new FakeClock();
    const stream = new ReplyStream(HEAD, clock, () => undefined);
    const read = stream.body[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => ((await read.next()) as { value: unknown }).value;
    await next();
    clock.advance(SILENCE_MS);
    assert.deepEqual(await next(), data(''));
    stream.write(Buffer.from('x'));
    assert.deepEqual(await next(), data('x'));
    clock.advance(SILENCE_MS);
    assert.equal(stream.body.readableLength, 0);
    clock.advance(SILENCE_MS);
    assert.deepEqual(await next(), data(''));
    stream.end([]);
    assert.equal(clock.dueWithin(10 * SILENCE_MS), 0);
  });

  it('sends nothing more once it is destroyed', () => {
    const stream = new ReplyStream(HEAD, new FakeClock(), () => undefined);
    stream.destroy();
    assert.doesNotThrow(() => stream.write(Buffer.from('x')));
    assert.doesNotThrow(() => stream.end([]));
    assert.equal(stream.body.destroyed, true);
  });
});

describe('a fetched body', () => {
  /** What the target would get, and how it ends. */
  async function fetch(chunks: readonly Buffer[]) {
    const told: Buffer[] = [];
    const got: Buffer[] = [];
    let error: unknown;
    try {
      const open = () => Promise.resolve(Readable.from(chunks));
      for await (const piece of fetchBody(
        open,
        (bytes) => told.push(Buffer.from(bytes)),
        () => undefined,
      )) {
        got.push(Buffer.from(piece));
      }
    } catch (thrown) {
      error = thrown;
    }
    assert.deepEqual(Buffer.concat(told), Buffer.concat(got));
    return { bytes: Buffer.concat(got), error };
  }

  const BODY = records(data('first '), data(''), data('last'), encodeEnd(['X-Sum', '1']));

  it('is whole however its records are cut', async () => {
    for (let at = 0; at <= BODY.length; at += 1) {
      const cut = [BODY.subarray(0, at), BODY.subarray(at)].filter(({ length }) => length > 0);
      const { bytes, error } = await fetch(cut);
      assert.equal(error, undefined, `cut at ${at}`);
      assert.equal(bytes.toString(), 'first last', `cut at ${at}`);
    }
  });

  it('may be empty', async () => {
    assert.deepEqual(await fetch([records(encodeEnd([]))]), {
      bytes: Buffer.alloc(0),
      error: undefined,
    });
  });

  it('that ends anywhere before its END is broken, with what came so far', async () => {
    for (let end = 0; end < BODY.length; end += 1) {
      const chunks = end === 0 ? [] : [BODY.subarray(0, end)];
      const { bytes, error } = await fetch(chunks);
      assert.ok(error instanceof BodyBrokenError, `end at ${end}: ${String(error)}`);
      assert.ok('first last'.startsWith(bytes.toString()), `end at ${end}`);
    }
  });

  it('that aborts is broken, with a code of its own', async () => {
    const { error } = await fetch([records(data('half'), encodeAbort('the caller left'))]);
    assert.ok(error instanceof BodyBrokenError);
    assert.equal(error.code, 'CARONTE_BODY_ABORTED');
  });

  it('that aborts in a later chunk hands on what came before', async () => {
    const { bytes, error } = await fetch([
      records(data('half')),
      Buffer.from(encodeAbort('the caller left'), 'latin1'),
    ]);
    assert.equal(bytes.toString(), 'half');
    assert.ok(error instanceof BodyBrokenError);
  });

  for (const [what, body] of [
    ['a record that is no body’s', records(data('x'), encodeResponseStart(HEAD))],
    ['two ENDs', records(encodeEnd([]), encodeEnd([]))],
    ['another version', Buffer.from([2])],
  ] as const) {
    it(`with ${what} is malformed`, async () => {
      assert.ok((await fetch([body])).error instanceof MalformedError);
    });
  }

  it('that cannot be opened fails as that did', async () => {
    const refused = new Error('404');
    await assert.rejects(async () => {
      for await (const piece of fetchBody(
        () => Promise.reject(refused),
        () => undefined,
        () => assert.fail('a body that never opened is complete'),
      )) {
        assert.fail(`got ${piece.length} bytes`);
      }
    }, refused);
  });
});
