import {
  AGENT_PATHS,
  decodeFailure,
  decodeResponse,
  Deadlines,
  encodeResult,
  type ExchangeHead,
  GATHER_MS,
  OUTCOME,
  RECORD,
} from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Delivery } from '../../../src/agent/delivery.ts';
import type { ExchangeEvent } from '../../../src/agent/events.ts';
import { Link } from '../../../src/agent/link.ts';
import { AGENT_DEFAULTS } from '../../../src/agent/options.ts';
import { Outbox } from '../../../src/agent/outbox.ts';
import { ProxyClient } from '../../../src/agent/proxy-client.ts';
import { Target } from '../../../src/agent/target.ts';
import { FakeClock } from './support/clock.ts';
import {
  capacity,
  exchange,
  FakeProxy,
  freshId,
  readRecords,
  records,
} from './support/fake-proxy.ts';
import { Fixture, OPTIONS } from './support/fixture.ts';
import { until, within } from './support/wait.ts';

const UPGRADE: Partial<ExchangeHead> = {
  body: { kind: 'upgrade' },
  target: '/chat?a',
  fields: ['Sec-WebSocket-Key', 'k', 'X-A', '\xe9'],
};

const ACCEPTED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nX-a: 1\r\n\r\n';

describe('an agent that is handed a request for a WebSocket', () => {
  let fixture: Fixture;
  let asked: { request: IncomingMessage; socket: Duplex }[];

  beforeEach(async () => {
    fixture = new Fixture();
    asked = [];
    fixture.onUpgrade = (request, socket) => asked.push({ request, socket });
    await fixture.start({ sendReply: false });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });
  afterEach(() => fixture.stop());

  async function hand(): Promise<string> {
    const id = freshId();
    (await fixture.proxy.poll()).response.end(records(exchange(id, UPGRADE)));
    await until(() => asked.length > 0, 'the call');
    return id;
  }

  it('asks the target for one, with the caller’s fields and the target’s own Host', async () => {
    await hand();
    const [{ request } = assert.fail()] = asked;
    assert.equal(request.url, '/chat?a');
    assert.equal(request.headers.upgrade, 'websocket');
    assert.match(request.headers.connection ?? '', /^upgrade$/i);
    assert.equal(request.headers['sec-websocket-key'], 'k');
    assert.equal(request.headers['x-a'], '\xe9');
    assert.match(request.headers.host ?? '', /^127\.0\.0\.1:\d+$/);
  });

  it('does not let those that are open take the room of requests that come and go', async () => {
    const { maxInFlight, maxPolls } = AGENT_DEFAULTS;
    // A proxy that the fixture's own agent knows nothing of.
    const other = new FakeProxy();
    const proxyUrl = await other.listen();
    const client = new ProxyClient({ ...OPTIONS, proxyUrl }, fixture.clock);
    for (const [upgraded, expected] of [
      [maxInFlight, maxInFlight / maxPolls],
      [0, 0],
    ] as const) {
      const link = new Link({
        options: { ...OPTIONS, proxyUrl, target: 'http://127.0.0.1:1' },
        clock: fixture.clock,
        client,
        instance: freshId(),
        inHand: () => maxInFlight,
        upgraded: () => upgraded,
        onState: () => undefined,
        onExchange: () => undefined,
        onCancel: () => undefined,
        onQueue: () => undefined,
        onMissed: () => undefined,
      });
      link.start();
      await other.welcome();
      await until(() => other.openPolls.length > 0, 'a poll');
      assert.deepEqual(other.openPolls.map(capacity)[0], expected);
      link.stop();
      await until(() => other.openPolls.length === 0, 'no poll');
    }
    await client.destroy();
    await other.close();
  });

  it('tells of the 101 and of the end, and not of the bytes', async () => {
    const id = await hand();
    asked[0]?.socket.write(ACCEPTED);
    const body = await fixture.proxy.next(AGENT_PATHS.body + id);
    asked[0]?.socket.end('some bytes');
    const reply = await fixture.proxy.next(AGENT_PATHS.reply);
    reply.response.end(records(encodeResult(id, OUTCOME.delivered)));
    body.response.end(records('\x22\0\0\0\x03abc', '\x23\0\0\0\0'));
    await until(() => fixture.events.some(({ type }) => type === 'ended'), 'the end');
    const types = fixture.events.map(({ type }) => type);
    assert.deepEqual(types, ['received', 'attempt', 'response', 'ended']);
    const [, , response, ended] = fixture.events as [
      ExchangeEvent,
      ExchangeEvent,
      ExchangeEvent & { type: 'response' },
      ExchangeEvent & { type: 'ended' },
    ];
    assert.equal(response.status, 101);
    assert.deepEqual(response.fields.slice(-2), ['X-a', '1']);
    assert.deepEqual(ended.passed, { toTarget: 3, toCaller: 10 });
    assert.deepEqual(ended.outcome, { kind: 'replied' });
    assert.equal(fixture.agent.inHand, 0);
  });

  it('passes a refusal on, although it sends no replies otherwise', async () => {
    const id = await hand();
    asked[0]?.socket.end('HTTP/1.1 403 Not You\r\nContent-Length: 2\r\nX-b: 1\r\nX-B: 2\r\n\r\nno');
    const reply = await fixture.proxy.next(AGENT_PATHS.reply);
    const [record] = readRecords(reply.body);
    const { head, body } = decodeResponse(record?.payload ?? Buffer.alloc(0));
    assert.deepEqual([head.id, head.status, head.reason], [id, 403, 'Not You']);
    assert.deepEqual(head.fields.slice(-4), ['X-b', '1', 'X-B', '2']);
    assert.equal(body.toString('latin1'), 'no');
  });

  it('does not wait for its end when it is stopped', async () => {
    await hand();
    asked[0]?.socket.write(ACCEPTED);
    await until(() => fixture.events.some(({ type }) => type === 'response'), 'the 101');
    const closed = fixture.agent.close();
    (await fixture.proxy.next(AGENT_PATHS.bye)).response.writeHead(204).end();
    await within(closed, 'the end');
    await until(() => asked[0]?.socket.destroyed === true, 'the end of the target’s connection');
  });

  it('refuses it without asking the target once it has as many as it allows', async () => {
    const sent: Buffer[] = [];
    const clock = new FakeClock();
    const events: ExchangeEvent[] = [];
    const client = new ProxyClient({ ...OPTIONS, proxyUrl: 'http://127.0.0.1:1' }, clock);
    const target = new Target({ target: 'http://127.0.0.1:1' }, 1_000);
    const id = freshId();
    const head = { ...UPGRADE, id } as ExchangeHead;
    const delivery = new Delivery(head, Buffer.alloc(0), {
      clock,
      target,
      client,
      outbox: new Outbox({
        clock,
        send: (batch) => {
          sent.push(batch);
          return Promise.resolve(records(encodeResult(id, OUTCOME.delivered)));
        },
      }),
      sendReply: true,
      rewrite: undefined,
      maxAttempts: 1,
      keptIdleMs: 1_000,
      isCrowded: () => false,
      gathering: new Deadlines(
        { now: () => 0, after: () => undefined },
        GATHER_MS,
        () => undefined,
      ),
      emit: (event) => events.push(event),
      mayUpgrade: () => false,
      onUpgraded: () => assert.fail('nothing was upgraded'),
      onDone: () => undefined,
    });
    delivery.start();
    await until(() => sent.length > 0, 'the failure');
    const [record] = readRecords(sent[0] ?? Buffer.alloc(0));
    assert.equal(record?.type, RECORD.failure);
    assert.equal(decodeFailure(record.payload).code, 'agent_refused');
    await until(() => events.length === 2, 'the end');
    assert.deepEqual(
      events.map(({ type }) => type),
      ['received', 'ended'],
    );
    await Promise.all([client.destroy(), target.destroy()]);
  });
});
