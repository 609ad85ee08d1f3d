import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { AGENT_DEFAULTS } from '../../../src/agent/options.ts';
import { MAX_UNSENT } from '../../../src/agent/unsent-response.ts';
import { exchange, freshId, records } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { until } from './support/wait.ts';

describe('a response that nobody waits for', () => {
  let fixture: Fixture;
  afterEach(() => fixture.stop());

  const ended = (): string | undefined => {
    const event = fixture.events.find(({ type }) => type === 'ended');
    return event?.type === 'ended' ? event.outcome.kind : undefined;
  };
  const received = (): number =>
    fixture.events.filter(({ type }) => type === 'response-data').length;

  it('may pause for as long as the target may take to begin, and is given up then', async () => {
    let stream: ServerResponse | undefined;
    let closed = false;
    fixture = new Fixture();
    fixture.onTarget = (request, response) => {
      request.resume();
      stream = response;
      response.on('close', () => (closed = true));
      response.write('1');
    };
    await fixture.start({ sendReply: false, targetTimeoutMs: 10_000 });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
    (await fixture.proxy.poll()).response.end(records(exchange(freshId())));
    for (let piece = 1; piece < 4; piece += 1) {
      await until(() => received() === piece, `piece ${piece}`);
      fixture.clock.advance(9_000);
      assert.equal(ended(), undefined);
      stream?.write('x');
    }
    await until(() => received() === 4, 'the last piece');
    fixture.clock.advance(10_000);
    assert.equal(ended(), 'kept');
    await until(() => closed, 'the end of the connection');
  });

  it('makes way once it has gone on for long, if most places are taken', async () => {
    const held = new Set<ServerResponse>();
    fixture = new Fixture();
    fixture.onTarget = (request, response) => {
      request.resume();
      held.add(response);
      response.on('close', () => held.delete(response));
      response.write('1');
    };
    await fixture.start({ sendReply: false, targetTimeoutMs: 3_600_000 });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
    const crowded = (AGENT_DEFAULTS.maxInFlight * 3) / 4;
    const take = async (count: number): Promise<void> => {
      const before = received();
      const poll = await fixture.proxy.poll();
      const exchanges = Array.from({ length: count }, () => exchange(freshId()));
      poll.response.end(records(...exchanges));
      await until(() => received() === before + count, `${count} more`);
    };
    for (let inHand = 0; inHand < crowded; inHand += 96) await take(96);
    fixture.clock.advance(10_000);
    assert.equal(fixture.agent.inHand, crowded);
    await take(3);
    fixture.clock.advance(10_000);
    assert.equal(fixture.agent.inHand, crowded);
    await until(() => held.size === crowded, 'the end of the connections');
  });

  it('is read up to 64 MiB, and no further', async () => {
    let closed = 0;
    fixture = new Fixture();
    fixture.onEvent = (event) => {
      if (event.type !== 'response-data') fixture.events.push(event);
    };
    fixture.onTarget = (request, response) => {
      request.resume();
      const bytes = Number(request.url?.slice(1));
      response.on('close', () => (closed += response.writableFinished ? 0 : 1));
      response.writeHead(200, { 'Content-Length': String(bytes) });
      Readable.from(pieces(bytes)).pipe(response);
    };
    await fixture.start({ sendReply: false });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
    const types = async (bytes: number): Promise<string[]> => {
      const target = `/${bytes}`;
      (await fixture.proxy.poll()).response.end(records(exchange(freshId(), { target })));
      await until(() => ended() !== undefined, 'the end');
      return fixture.events.splice(0).map(({ type }) => type);
    };
    const begin = ['received', 'attempt', 'response'];
    assert.deepEqual(await types(MAX_UNSENT), [...begin, 'response-end', 'ended']);
    assert.deepEqual(await types(MAX_UNSENT + 1), [...begin, 'ended']);
    assert.deepEqual(await types(2 * MAX_UNSENT), [...begin, 'ended']);
    await until(() => closed === 1, 'the end of the connection');
  });
});

function* pieces(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(1024 * 1024);
  for (let left = bytes; left > 0; left -= piece.length) {
    yield left < piece.length ? piece.subarray(0, left) : piece;
  }
}
