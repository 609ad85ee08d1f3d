import {
  decodeResponseHead,
  encodeAbort,
  encodeEnd,
  encodeResult,
  OUTCOME,
  type Outcome,
  RECORD,
  RecordDecoder,
  recordHeader,
} from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import type { ExchangeOutcome } from '../../../src/agent/events.ts';
import { Upgraded } from '../../../src/agent/upgraded.ts';
import { FakeClock } from './support/clock.ts';
import { freshId, records } from './support/fake-proxy.ts';
import { turns, until, within } from './support/wait.ts';

function data(bytes: Buffer | string): Buffer {
  const payload = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(recordHeader(RECORD.data, payload.length), 'latin1'), payload]);
}

/** A proxy that is there for one upgraded exchange, step by step. */
class Streams {
  /** The caller's bytes, as records. */
  readonly body = new PassThrough();
  /** Types of the records of the reply, other than DATA. */
  readonly records: number[] = [];
  head: ReturnType<typeof decodeResponseHead> | undefined;
  bytes = Buffer.alloc(0);
  /** Whether the reply is read at all. */
  reading = true;
  #reply: Readable | undefined;
  #answer: (body: Buffer) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  openBody(): Promise<Readable> {
    return Promise.resolve(this.body);
  }

  streamReply(reply: Readable): Promise<Buffer> {
    this.#reply = reply;
    const decoder = new RecordDecoder({
      allocate: (size) => Buffer.alloc(size),
      onRecord: (type, payload) => {
        this.records.push(type);
        if (type === RECORD.responseStart) this.head = decodeResponseHead(payload);
      },
      onData: (piece) => {
        this.bytes = Buffer.concat([this.bytes, piece]);
      },
    });
    if (this.reading) reply.on('data', (chunk: Buffer) => decoder.push(chunk));
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
  }

  get replyBroken(): boolean {
    return this.#reply?.destroyed === true && !this.#reply.readableEnded;
  }

  answer(outcome: Outcome): void {
    this.#answer(records(encodeResult(this.#id, outcome)));
  }

  fail(): void {
    this.#fail(new Error('connection lost'));
  }
}

describe('an upgraded connection', () => {
  let server: Server;
  /** The target's end. */
  let target: Socket;
  let streams: Streams;
  let upgraded: Upgraded;
  let outcomes: ExchangeOutcome[];
  let got: Buffer;
  let targetEnded: boolean;
  const sockets: Socket[] = [];

  async function begin(reading = true): Promise<void> {
    const arrived = new Promise<Socket>((resolve) => {
      server = createServer({ allowHalfOpen: true }, resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    target = await arrived;
    sockets.push(socket, target);
    got = Buffer.alloc(0);
    targetEnded = false;
    target.on('error', () => undefined);
    target.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
    });
    target.on('end', () => {
      targetEnded = true;
    });
    outcomes = [];
    const id = freshId();
    streams = new Streams(id);
    streams.reading = reading;
    streams.body.write(records());
    upgraded = new Upgraded({
      socket,
      head: { id, status: 101, reason: 'Switching Protocols', fields: ['A', '\xe9'] },
      clock: new FakeClock(),
      client: streams,
      target: 'http://target',
      onOver: (outcome) => outcomes.push(outcome),
    });
    upgraded.begin();
  }

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  async function over(): Promise<ExchangeOutcome | undefined> {
    await until(() => outcomes.length > 0, 'the end');
    await turns();
    assert.equal(outcomes.length, 1);
    return outcomes[0];
  }

  it('carries bytes both ways behind the head of the 101, and counts them', async () => {
    await begin();
    target.write(Buffer.from([0, 255, 10]));
    streams.body.write(data('hello'));
    await until(() => streams.bytes.length === 3 && got.length === 5, 'bytes both ways');
    assert.deepEqual(streams.records, [RECORD.responseStart]);
    assert.equal(streams.head?.status, 101);
    assert.deepEqual(streams.head.fields, ['A', '\xe9']);
    assert.deepEqual(streams.bytes, Buffer.from([0, 255, 10]));
    assert.equal(got.toString(), 'hello');
    assert.deepEqual([upgraded.toTarget, upgraded.toCaller], [5, 3]);
  });

  it('ends once both directions have, whichever is first', async () => {
    for (const first of ['caller', 'target'] as const) {
      await begin();
      const endCaller = (): void => void streams.body.end(encodeEnd([]), 'latin1');
      if (first === 'caller') endCaller();
      else target.end('last');
      await until(
        () => (first === 'caller' ? targetEnded : streams.records.includes(RECORD.end)),
        'the first end',
      );
      assert.deepEqual(outcomes, []);
      if (first === 'caller') target.end('last');
      else endCaller();
      await until(() => streams.records.includes(RECORD.end) && targetEnded, 'the other end');
      streams.answer(OUTCOME.delivered);
      assert.deepEqual(await over(), { kind: 'replied' });
      assert.equal(streams.bytes.toString(), 'last');
      server.close();
    }
  });

  it('breaks at the target, with no end, when the caller breaks off', async () => {
    await begin();
    streams.body.end(encodeAbort('gone'), 'latin1');
    assert.deepEqual(await over(), { kind: 'cancelled', reason: 'caller_gone' });
    await until(() => target.destroyed, 'the break');
    assert.equal(targetEnded, false);
    assert.ok(streams.replyBroken);
  });

  it('breaks at the target when the proxy’s connections break', async () => {
    await begin();
    streams.body.end();
    assert.equal((await over())?.kind, 'cancelled');
    await until(() => target.destroyed, 'the break');
    server.close();
    await begin();
    streams.fail();
    assert.deepEqual(await over(), { kind: 'undelivered', detail: 'connection lost' });
    await until(() => target.destroyed, 'the break');
    assert.equal(targetEnded, false);
    assert.ok(streams.body.destroyed);
  });

  it('breaks at the target when the proxy does not want the reply', async () => {
    await begin();
    streams.answer(OUTCOME.gone);
    assert.deepEqual(await over(), { kind: 'undelivered', detail: 'the caller is gone' });
    await until(() => target.destroyed, 'the break');
  });

  it('tells the proxy with ABORT that the target broke off', async () => {
    await begin();
    target.resetAndDestroy();
    await until(() => streams.records.includes(RECORD.abort), 'ABORT');
    assert.ok(!streams.records.includes(RECORD.end));
    streams.answer(OUTCOME.delivered);
    const outcome = await over();
    assert.equal(outcome?.kind, 'failed');
    assert.equal(outcome.code, 'target_broke_off');
    assert.match(outcome.detail, /^http:\/\/target: /);
  });

  it('breaks off the caller’s direction when the target breaks it after its own end', async () => {
    await begin();
    target.end('last');
    await until(() => streams.records.includes(RECORD.end), 'the target’s end');
    streams.answer(OUTCOME.delivered);
    target.resetAndDestroy();
    await until(() => {
      // Its absence shows only to who writes.
      if (!streams.body.destroyed) streams.body.write(data('x'));
      return outcomes.length > 0;
    }, 'the end');
    assert.equal((await over())?.kind, 'failed');
    assert.ok(streams.body.destroyed);
  });

  it('lets a target wait that sends more than the proxy takes', async () => {
    await begin(false);
    const piece = Buffer.alloc(1024 * 1024);
    let written = 0;
    while (target.write(piece) || written < 64) {
      written += 1;
      await turns(2);
      if (written > 64 && target.writableNeedDrain) break;
    }
    await turns();
    assert.ok(target.writableNeedDrain);
    assert.ok(upgraded.toCaller < 4 * 1024 * 1024, `${upgraded.toCaller} bytes taken`);
  });

  it('lets a caller wait whose target does not read', async () => {
    await begin();
    target.pause();
    const piece = data(Buffer.alloc(1024 * 1024));
    for (let written = 0; written < 64; written += 1) {
      streams.body.write(piece);
      await turns(2);
    }
    assert.ok(streams.body.readableLength > 0);
    assert.ok(upgraded.toTarget < 32 * 1024 * 1024, `${upgraded.toTarget} bytes taken`);
  });

  it('can be broken off at any time', async () => {
    await begin();
    upgraded.destroy();
    await within(
      until(() => target.destroyed && streams.body.destroyed && streams.replyBroken, 'the break'),
      'the break',
    );
    assert.deepEqual(outcomes, []);
  });
});
