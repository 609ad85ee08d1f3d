import { encodeResponse, encodeResult, MalformedError, OUTCOME } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { Outbox } from '../../../src/agent/outbox.ts';
import { ProxyAnswerError } from '../../../src/agent/proxy-error.ts';
import { readResults, type Sent } from '../../../src/agent/reply-results.ts';
import { FakeClock } from './support/clock.ts';
import { freshId, readRecords, records } from './support/fake-proxy.ts';
import { turn, turns, until } from './support/wait.ts';

interface Sending {
  /** The ids in the batch, in order. */
  readonly ids: string[];
  readonly bytes: Buffer;
  readonly answer: (...delivered: readonly string[]) => void;
  readonly fail: (error: unknown) => void;
}

const BROKEN = Object.assign(new Error('the link broke'), { code: 'ECONNRESET' });

describe('the outbox', () => {
  let clock: FakeClock;
  let outbox: Outbox;
  let batches: Sending[];
  let sent: Map<string, Sent>;

  beforeEach(() => {
    clock = new FakeClock();
    batches = [];
    sent = new Map();
    outbox = new Outbox({
      clock,
      send: (bytes) =>
        new Promise((resolve, reject) => {
          batches.push({
            bytes,
            ids: readRecords(bytes).map(({ payload }) => payload.toString('latin1', 4, 36)),
            answer: (...ids) =>
              resolve(records(...ids.map((id) => encodeResult(id, OUTCOME.delivered)))),
            fail: reject,
          });
        }),
    });
  });

  function add(body: readonly Buffer[] = []): string {
    const id = freshId();
    const size = body.reduce((sum, piece) => sum + piece.length, 0);
    const text = encodeResponse({ id, status: 200, reason: '\xe9', fields: [] }, size);
    outbox.add(id, text, body, { onSent: (what) => sent.set(id, what) });
    return id;
  }

  async function batch(count: number): Promise<Sending> {
    await until(() => batches.length >= count, `batch ${count}`);
    const [last] = batches.slice(count - 1);
    assert.ok(last);
    return last;
  }

  it('sends what is added in one turn of the event loop together, in order', async () => {
    const ids = [add(), add(), add()];
    assert.equal(batches.length, 0);
    const { ids: together } = await batch(1);
    assert.deepEqual(together, ids);
    await turns();
    assert.equal(batches.length, 1);
  });

  it('does not keep sixteen waiting for the rest of their turn', async () => {
    const ids = Array.from({ length: 20 }, () => add());
    assert.deepEqual(batches[0]?.ids, ids.slice(0, 16));
    assert.deepEqual((await batch(2)).ids, ids.slice(16));
  });

  it('makes larger batches once eight are under way', async () => {
    const ids = Array.from({ length: 8 * 16 + 20 }, () => add());
    assert.equal(batches.length, 8);
    assert.deepEqual((await batch(9)).ids, ids.slice(8 * 16));
  });

  it('joins text and bodies byte for byte', async () => {
    const body = [Buffer.from([0, 0xff]), Buffer.from([]), Buffer.from('\n')];
    add(body);
    const [record] = readRecords((await batch(1)).bytes);
    assert.match(record?.payload.toString('latin1') ?? '', /\n200\n\xe9\0\xff\n$/);
  });

  it('tells of each what became of it', async () => {
    const [one, two] = [add(), add()];
    (await batch(1)).answer(two);
    await until(() => sent.size === 2, 'the outcomes');
    assert.deepEqual(sent.get(two), { kind: 'delivered' });
    assert.deepEqual(sent.get(one), { kind: 'gone', detail: 'the caller is gone' });
  });

  it('gathers for 4 ms while two batches are under way', async () => {
    const first = add();
    const under = await batch(1);
    add();
    await batch(2);
    const third = add();
    await turn();
    clock.advance(2);
    const fourth = add();
    clock.advance(1.9);
    await turns();
    assert.equal(batches.length, 2);
    clock.advance(0.1);
    assert.deepEqual((await batch(3)).ids, [third, fourth]);
    under.answer(first);
    await until(() => sent.has(first), 'the first');
    assert.equal(sent.size, 1);
  });

  it('does not wait for the gathering when a batch before is answered in that time', async () => {
    const first = add();
    const under = await batch(1);
    add();
    await batch(2);
    const third = add();
    under.answer(first);
    assert.deepEqual((await batch(3)).ids, [third]);
    clock.advance(100);
    await turns();
    assert.equal(batches.length, 3);
  });

  it('does not gather beyond a megabyte, and cuts batches about there', async () => {
    add();
    await batch(1);
    const piece = Buffer.alloc(64 * 1024);
    const ids = Array.from({ length: 40 }, () => add([piece]));
    await until(() => batches.length >= 3, 'full batches');
    clock.advance(4);
    await until(() => batches.flatMap((one) => one.ids).length === 41, 'the rest');
    const later = batches.slice(1);
    assert.deepEqual(
      later.flatMap((one) => one.ids),
      ids,
    );
    for (const { bytes } of later) assert.ok(bytes.length < 1024 * 1024 + piece.length + 200);
  });

  it('sends a batch again after pauses when the link breaks, the very same bytes', async () => {
    const id = add();
    let expected: Buffer | undefined;
    for (const [at, pause] of [100, 500, 2_000, 5_000].entries()) {
      const { bytes, fail } = await batch(at + 1);
      expected ??= bytes;
      assert.deepEqual(bytes, expected);
      fail(BROKEN);
      await turns();
      clock.advance(pause - 1);
      await turns();
      assert.equal(batches.length, at + 1, `sent before ${pause} ms`);
      clock.advance(1);
    }
    (await batch(5)).answer(id);
    await until(() => sent.size === 1, 'the outcome');
    assert.deepEqual(sent.get(id), { kind: 'delivered' });
  });

  it('gives a batch up after the last pause, and says why', async () => {
    const id = add();
    for (const [at, pause] of [100, 500, 2_000, 5_000].entries()) {
      (await batch(at + 1)).fail(BROKEN);
      await turns();
      clock.advance(pause);
    }
    (await batch(5)).fail(BROKEN);
    await until(() => sent.size === 1, 'the outcome');
    assert.deepEqual(sent.get(id), { kind: 'gone', detail: 'the link broke' });
    await turns();
    clock.advance(60_000);
    await turns();
    assert.equal(batches.length, 5);
  });

  it('takes an answer of the proxy’s for final', async () => {
    const id = add();
    const body = Buffer.from('{"code":"session_unknown","detail":"Say hello again."}');
    (await batch(1)).fail(new ProxyAnswerError(404, body, undefined));
    await until(() => sent.size === 1, 'the outcome');
    assert.deepEqual(sent.get(id), { kind: 'gone', detail: 'Say hello again.' });
    clock.advance(60_000);
    await turns();
    assert.equal(batches.length, 1);
  });

  it('keeps sending other batches while one waits to be sent again', async () => {
    add();
    (await batch(1)).fail(BROKEN);
    await turns();
    const other = add();
    clock.advance(4);
    assert.deepEqual((await batch(2)).ids, [other]);
  });

  it('that is destroyed drops what was not sent, and takes nothing more', async () => {
    add();
    await batch(1);
    const dropped = add();
    outbox.destroy();
    assert.deepEqual(sent.get(dropped), { kind: 'gone', detail: 'the agent was stopped' });
    add();
    clock.advance(60_000);
    await turns();
    assert.equal(batches.length, 1);
  });

  it('that is destroyed does not send again what breaks after that', async () => {
    const id = add();
    const { fail } = await batch(1);
    outbox.destroy();
    fail(BROKEN);
    await until(() => sent.size === 1, 'the outcome');
    assert.equal(sent.get(id)?.kind, 'gone');
    clock.advance(60_000);
    await turns();
    assert.equal(batches.length, 1);
  });
});

describe('the results of replies', () => {
  it('are the ids that were delivered; other records are passed over', () => {
    const [one, two] = [freshId(), freshId()];
    const answer = records(
      encodeResult(one, OUTCOME.delivered),
      encodeResult(two, OUTCOME.gone),
      '\x05\0\0\0\0',
    );
    assert.deepEqual(readResults(answer), new Set([one]));
    assert.deepEqual(readResults(Buffer.alloc(0)), new Set());
  });

  it('are malformed if they are cut short', () => {
    const answer = records(encodeResult(freshId(), OUTCOME.delivered)).subarray(0, -1);
    assert.throws(() => readResults(answer), MalformedError);
  });
});
