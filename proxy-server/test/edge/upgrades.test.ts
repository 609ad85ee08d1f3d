import assert from 'node:assert/strict';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { HALF_CLOSE_MS } from '../../src/http/index.ts';
import {
  encodeAbort,
  encodeEnd,
  encodeFailure,
  encodeResponse,
  encodeResponseStart,
  RECORD,
  RecordDecoder,
  recordHeader,
  SILENCE_MS,
} from '../../src/protocol/index.ts';
import { allOf, field, problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { gather, results, type TestAgent } from '../support/test-agent.ts';
import { stillWaits, until, within } from '../support/wait.ts';

const HANDSHAKE =
  'Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';

const ACCEPT = ['sec-websocket-accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'X-A', '1', 'x-a', '\xe9'];

function data(bytes: Buffer | string): Buffer {
  const payload = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(recordHeader(RECORD.data, payload.length), 'latin1'), payload]);
}

/** What an agent gets of a caller's bytes. */
class Fetched {
  bytes = Buffer.alloc(0);
  chunks = 0;
  /** `END`, `ABORT`, or how the answer broke. */
  end = '';
  readonly status: Promise<number>;
  readonly request: ClientRequest;
  readonly #decoder = new RecordDecoder({
    allocate: (size) => Buffer.alloc(size),
    onRecord: (type) => {
      this.end = type === RECORD.end ? 'END' : 'ABORT';
    },
    onData: (piece) => {
      this.bytes = Buffer.concat([this.bytes, piece]);
    },
  });

  constructor(request: ClientRequest) {
    this.request = request;
    this.status = new Promise((resolve) => {
      request.on('response', (answer: IncomingMessage) => {
        resolve(answer.statusCode ?? 0);
        answer.on('data', (chunk: Buffer) => {
          this.chunks += 1;
          this.#decoder.push(chunk);
        });
        answer.on('error', () => (this.end ||= 'broken'));
      });
    });
    request.end();
  }
}

describe('a request for a WebSocket', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture({ agentGrace: 36_000, maxTimeoutResponse: 120 }).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  function ask(more = '', allowHalfOpen = false): RawCaller {
    return fixture.call(
      `GET /forward/orders/chat?a=1 HTTP/1.1\r\nHost: p\r\n${HANDSHAKE}\r\n${more}`,
      allowHalfOpen,
    );
  }

  function send(reply: ClientRequest, record: string | Buffer): void {
    reply.write(typeof record === 'string' ? Buffer.from(record, 'latin1') : record);
  }

  function fetchBytes(id: string): Fetched {
    return new Fetched(agent.open('GET', `/agent/body/${id}`));
  }

  /** A WebSocket that is open, with both directions in the hands of the test. */
  async function open(more = '', allowHalfOpen = true) {
    const caller = ask(more, allowHalfOpen);
    const { head } = await agent.take();
    const reply = agent.open('POST', '/agent/reply');
    const answer = gather(reply);
    reply.write('\x01');
    const start = { id: head.id, status: 101, reason: 'Switching Protocols', fields: ACCEPT };
    send(reply, encodeResponseStart(start));
    const answered = await caller.through('\r\n\r\n');
    const fetched = fetchBytes(head.id);
    assert.equal(await within(fetched.status, 'the bytes'), 200);
    return { caller, id: head.id, reply, answer, answered, fetched };
  }

  it('reaches the agent as an upgrade, less the fields of the connection', async () => {
    ask();
    const { head, body } = await agent.take();
    assert.deepEqual(head.body, { kind: 'upgrade' });
    assert.equal(body.length, 0);
    assert.equal(head.target, '/chat?a=1');
    assert.deepEqual(allOf(head.fields, 'Upgrade'), []);
    assert.deepEqual(allOf(head.fields, 'Connection'), []);
    assert.deepEqual(allOf(head.fields, 'Sec-WebSocket-Key'), ['dGhlIHNhbXBsZSBub25jZQ==']);
  });

  it('gets the head of a 101 with case, order and duplicates, and no field of the proxy’s', async () => {
    const { answered } = await open();
    assert.equal(
      answered,
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-A: 1\r\nx-a: \xe9\r\n\r\n',
    );
  });

  it('passes bytes on in both directions as they come, also those sent ahead of the answer', async () => {
    const { caller, reply, fetched } = await open('ahead');
    await until(() => fetched.bytes.toString() === 'ahead', 'the bytes sent ahead');
    caller.send(Buffer.from([0, 255, 13, 10]));
    await until(() => fetched.bytes.length === 9, 'bytes to the target');
    send(reply, data(Buffer.from([1, 254])));
    await until(() => caller.rest.equals(Buffer.from([1, 254])), 'bytes to the caller');
    assert.deepEqual(fetched.bytes.subarray(5), Buffer.from([0, 255, 13, 10]));
  });

  it('may end its own direction first', async () => {
    const { caller, id, reply, answer, fetched } = await open();
    caller.send('last').socket.end();
    await until(() => fetched.end === 'END', 'the end of the caller’s direction');
    assert.equal(fetched.bytes.toString(), 'last');
    send(reply, data('still there'));
    await until(() => caller.rest.toString() === 'still there', 'an answer to the rest');
    send(reply, encodeEnd([]));
    reply.end();
    assert.deepEqual(results((await answer).body), [{ id, outcome: 1 }]);
    await within(caller.closed, 'the end');
  });

  it('may go on after the target has ended its direction', async () => {
    const { caller, id, reply, answer, fetched } = await open();
    send(reply, data('bye'));
    send(reply, encodeEnd([]));
    reply.end();
    assert.deepEqual(results((await answer).body), [{ id, outcome: 1 }]);
    await until(() => caller.socket.readableEnded, 'the end of the target’s direction');
    assert.equal(caller.rest.toString(), 'bye');
    caller.send('still here');
    await until(() => fetched.bytes.toString() === 'still here', 'bytes after the target’s end');
    caller.socket.end();
    await until(() => fetched.end === 'END', 'the end of the caller’s direction');
    await within(caller.closed, 'the end');
  });

  it('is handed on whole although both directions ended before the agent looked', async () => {
    const caller = ask('early', true);
    const { head } = await agent.take();
    const start = { id: head.id, status: 101, reason: '', fields: [] };
    caller.socket.end();
    await fixture.settled();
    const { results: told } = await agent.reply(encodeResponseStart(start), encodeEnd([]));
    assert.deepEqual(told, [{ id: head.id, outcome: 1 }]);
    await within(caller.closed, 'the end');
    await fixture.settled();
    const fetched = fetchBytes(head.id);
    await until(() => fetched.end === 'END', 'the end of the caller’s direction');
    assert.equal(fetched.bytes.toString(), 'early');
    assert.equal((await agent.fetchBody(head.id)).problem, 'exchange_unknown');
  });

  it('is cancelled when its caller leaves before the answer', async () => {
    const caller = ask();
    const { head } = await agent.take();
    fixture.clock.advance(HALF_CLOSE_MS + 1);
    caller.socket.end();
    assert.deepEqual((await agent.poll({ acknowledge: [head.id] })).cancelled, [
      { id: head.id, reason: 'caller_gone' },
    ]);
    await within(caller.closed, 'the end');
  });

  it('breaks for the agent when the caller’s connection breaks', async () => {
    const { caller, id, fetched } = await open();
    caller.socket.resetAndDestroy();
    await until(() => fetched.end === 'ABORT', 'an ABORT');
    assert.deepEqual((await agent.poll({ acknowledge: [id] })).cancelled, [
      { id, reason: 'caller_gone' },
    ]);
  });

  for (const [what, breakOff] of Object.entries({
    'the target breaks off': (reply: ClientRequest) => {
      send(reply, encodeAbort('gone'));
      reply.end();
    },
    'the agent’s reply breaks off': (reply: ClientRequest) => reply.destroy(),
    'the agent no longer reads': (_reply: ClientRequest, fetched: Fetched) =>
      fetched.request.destroy(),
  })) {
    it(`breaks for the caller, with no clean end, when ${what}`, async () => {
      const { caller, reply, fetched } = await open();
      breakOff(reply, fetched);
      await within(caller.closed, 'the break');
      assert.equal(caller.socket.readableEnded, false);
    });
  }

  it('breaks for the caller when the session ends', async () => {
    const { caller, id } = await open();
    await agent.bye([id]);
    await within(caller.closed, 'the break');
    assert.equal(caller.socket.readableEnded, false);
  });

  it('outlives the time for answers, and every idle time', async () => {
    const { caller, fetched } = await open();
    fixture.clock.advance(10 * 120_000);
    caller.send('still here');
    await until(() => fetched.bytes.length > 0, 'bytes after a long silence');
  });

  it('gives the agent a sign of life while the caller is silent', async () => {
    const { caller, fetched } = await open();
    fixture.clock.advance(SILENCE_MS);
    await until(() => fetched.chunks === 2, 'an empty DATA');
    caller.send('a');
    await until(() => fetched.bytes.length === 1, 'a byte');
    fixture.clock.advance(2 * SILENCE_MS);
    await until(() => fetched.chunks === 4, 'another one');
    assert.equal(fetched.bytes.toString(), 'a');
  });

  it('that gets no answer in time is told so', async () => {
    const caller = ask();
    await agent.take();
    fixture.clock.advance(120_000);
    const response = await caller.response();
    assert.equal(problemCode(response), 'response_timeout');
    await within(caller.closed, 'the end');
  });

  it('slows the agent down when the caller does not read', async () => {
    const { caller, reply } = await open();
    let got = 0;
    caller.socket.removeAllListeners('data').on('data', (chunk: Buffer) => (got += chunk.length));
    caller.socket.pause();
    const piece = data(Buffer.alloc(512 * 1024));
    let sent = 0;
    let full = false;
    for (let count = 0; count < 200 && !full; count += 1) {
      sent += 512 * 1024;
      const flushed = new Promise<void>((resolve) => {
        reply.write(piece, () => resolve());
      });
      full = await stillWaits(flushed, 100);
    }
    assert.ok(full, 'nobody was slowed down');
    caller.socket.resume();
    await until(() => got === sent, 'all of it');
  });

  it('slows the caller down when the agent does not read', async () => {
    const caller = ask();
    const { head } = await agent.take();
    let full = false;
    for (let count = 0; count < 200 && !full; count += 1) {
      const flushed = new Promise<void>((resolve) => {
        caller.socket.write(Buffer.alloc(512 * 1024), () => resolve());
      });
      full = await stillWaits(flushed, 100);
    }
    assert.ok(full, 'nobody was slowed down');
    caller.destroy();
    assert.equal((await agent.reply(encodeResponse({ ...OK, id: head.id }, 0))).status, 200);
  });

  it('gets the target’s refusal as it is', async () => {
    const caller = ask('ignored');
    const { head } = await agent.take();
    const fields = ['X-Why', 'no', 'x-why', 'never', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
    const refusal = { id: head.id, status: 403, reason: 'Not You', fields };
    const { results: told } = await agent.reply(encodeResponse(refusal, 5), 'no, 1');
    assert.deepEqual(told, [{ id: head.id, outcome: 1 }]);
    const response = await caller.response();
    assert.equal(response.statusLine, 'HTTP/1.1 403 Not You');
    assert.deepEqual(response.fields.slice(0, fields.length), fields);
    assert.equal(response.body.toString(), 'no, 1');
    assert.equal(field(response.fields, 'Connection'), 'close');
    await within(caller.closed, 'the end');
    assert.equal(caller.rest.length, 0);
  });

  it('gets a refusal in pieces as they come', async () => {
    const caller = ask();
    const { head } = await agent.take();
    const reply = agent.open('POST', '/agent/reply');
    reply.write('\x01');
    send(reply, encodeResponseStart({ id: head.id, status: 302, reason: '', fields: ['A', 'b'] }));
    await until(() => caller.rest.includes('\r\n\r\n'), 'the head');
    send(reply, data('one'));
    await until(() => caller.rest.includes('one'), 'a piece');
    send(reply, data('two'));
    send(reply, encodeEnd([]));
    reply.end();
    const response = await caller.response();
    assert.equal(response.status, 302);
    assert.equal(response.body.toString(), 'onetwo');
    await within(caller.closed, 'the end');
  });

  it('gets the agent’s failure as a problem', async () => {
    const caller = ask();
    const { head } = await agent.take();
    await agent.reply(encodeFailure({ id: head.id, code: 'target_unreachable', detail: 'no' }));
    assert.equal(problemCode(await caller.response()), 'target_unreachable');
    await within(caller.closed, 'the end');
  });

  for (const [what, bad] of Object.entries({
    'a CR in a value': ['A', 'b\r\nHTTP/1.1 200 OK'.replace('\n', ' ')],
    'a colon in a name': ['A: b', 'c'],
    'a NUL in a value': ['A', 'b\0c'],
  })) {
    it(`is not given a 101 with ${what}`, async () => {
      const caller = ask();
      const { head } = await agent.take();
      const start = { id: head.id, status: 101, reason: 'x', fields: bad };
      await agent.reply(encodeResponseStart(start), data('spite'), encodeEnd([]));
      const response = await caller.response();
      assert.equal(problemCode(response), 'agent_misbehaved');
      await within(caller.closed, 'the end');
      assert.equal(caller.rest.length, 0);
    });
  }

  it('is not given a 101 as a whole reply', async () => {
    const caller = ask();
    const { head } = await agent.take();
    await agent.reply(
      encodeResponse({ id: head.id, status: 101, reason: 'x', fields: [] }, 1),
      'x',
    );
    assert.equal(problemCode(await caller.response()), 'agent_misbehaved');
  });

  it('is answered 503 while no agent is there', async () => {
    await agent.bye();
    const caller = ask();
    await fixture.settled();
    fixture.clock.advance(5_000);
    assert.equal(problemCode(await caller.response()), 'no_agent');
    await within(caller.closed, 'the end');
  });

  it('is answered 404 beside every tunnel', async () => {
    for (const path of ['/forward/', '/forward/-/x', '/elsewhere', '/agent/poll']) {
      const caller = fixture.call(`GET ${path} HTTP/1.1\r\nHost: p\r\n${HANDSHAKE}\r\n`);
      const response = await caller.response();
      const code = path === '/agent/poll' ? 'unauthorized' : 'not_found';
      assert.equal(problemCode(response), code, path);
    }
  });

  it('with a head that may not pass is refused', async () => {
    const caller = fixture.call(
      `GET /forward/orders/ HTTP/1.1\r\nHost: p\r\nHost: q\r\n${HANDSHAKE}\r\n`,
    );
    assert.equal(problemCode(await caller.response()), 'bad_request');
    await within(caller.closed, 'the end');
  });

  it('that was answered before leaves nothing behind', async () => {
    const { caller, reply, answer, fetched } = await open();
    send(reply, encodeEnd([]));
    reply.end();
    await answer;
    caller.socket.end();
    await until(() => fetched.end === 'END', 'the end');
    await within(caller.closed, 'the end');
    // With nothing in flight there is nothing to wait for.
    await within(fixture.proxy.close(), 'the end of the proxy');
  });

  it('is live although the tunnel answers at once', async () => {
    await agent.bye();
    const other = await fixture.agent({ policy: { reply: 'accept' } });
    agent = other;
    const caller = ask('', true);
    caller.socket.end();
    const { head } = await agent.take();
    const fetched = fetchBytes(head.id);
    await until(() => fetched.end === 'END', 'the end of the caller’s direction');
    agent.startPoll({ acknowledge: [head.id] });
    await fixture.settled();
    const start = { id: head.id, status: 101, reason: '', fields: [] };
    await agent.reply(encodeResponseStart(start), data('hi'), encodeEnd([]));
    assert.match(await caller.through('hi'), /^HTTP\/1\.1 101 /);
    await within(caller.closed, 'the end');
  });
});

const OK = { status: 200, reason: 'OK', fields: [] };

describe('an upgrade that does not pass', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture().start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

  /** An exchange goes through as an ordinary one. */
  async function ordinary(caller: RawCaller, body = ''): Promise<readonly string[]> {
    const taken = await agent.take();
    const got = taken.head.body.kind === 'inline' ? taken.body.toString() : '';
    assert.notEqual(taken.head.body.kind, 'upgrade');
    assert.equal(got, body);
    await agent.reply(encodeResponse({ ...OK, id: taken.head.id }, 2), 'ok');
    const response = await caller.response();
    assert.equal(response.status, 200);
    assert.equal(response.body.toString(), 'ok');
    assert.equal(field(response.fields, 'Upgrade'), undefined);
    return taken.head.fields;
  }

  it('is ignored for h2c, whose fields go no further', async () => {
    const fields = await ordinary(fixture.get('', 'GET', `${H2C}A: \xe9\r\na:b\r\n`));
    assert.deepEqual(allOf(fields, 'HTTP2-Settings'), []);
    assert.deepEqual(allOf(fields, 'Upgrade'), []);
    assert.deepEqual(allOf(fields, 'A'), ['\xe9', 'b']);
  });

  it('is ignored together with a body, which is kept', async () => {
    await ordinary(fixture.call(`${post(H2C, 'Content-Length: 5')}hello`), 'hello');
    const chunked = post(H2C, 'Transfer-Encoding: chunked');
    await ordinary(fixture.call(`${chunked}5\r\nhello\r\n0\r\n\r\n`), 'hello');
    const late = fixture.call(`${post(H2C, 'Content-Length: 5')}he`);
    await fixture.settled();
    await ordinary(late.send('llo'), 'hello');
  });

  it('leaves the connection open for many more requests', async () => {
    const caller = fixture.call();
    for (let count = 0; count < 30; count += 1) {
      caller.send(`${post(H2C, 'Content-Length: 5')}hello`);
      await ordinary(caller, 'hello');
      caller.send('GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n\r\n');
      await ordinary(caller);
    }
    assert.ok(caller.socket.writable);
    assert.ok(caller.socket.listenerCount('close') < 10);
  });

  it('is ignored for a WebSocket that no standard allows', async () => {
    await ordinary(fixture.get('', 'POST', HANDSHAKE));
    await ordinary(fixture.call(`GET /forward/orders/ HTTP/1.0\r\nHost: p\r\n${HANDSHAKE}\r\n`));
    await ordinary(
      fixture.call(`${post(HANDSHAKE, 'Content-Length: 2').replace('POST', 'GET')}hi`),
      'hi',
    );
  });

  it('does not let an agent have the connection', async () => {
    const caller = fixture.get('', 'GET', H2C);
    const { head } = await agent.take();
    const start = { id: head.id, status: 101, reason: 'x', fields: ['Upgrade', 'h2c'] };
    const { results: told } = await agent.reply(
      encodeResponseStart(start),
      data('HTTP/1.1 200 OK\r\n\r\n'),
      encodeEnd([]),
    );
    assert.deepEqual(told, [{ id: head.id, outcome: 2 }]);
    assert.equal(problemCode(await caller.response()), 'agent_misbehaved');
    assert.equal(caller.rest.length, 0);
  });

  it('behind requests that are not answered yet ends the connection, and mixes nothing', async () => {
    const get = 'GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n';
    const caller = fixture.call(`${get}\r\n${get}${HANDSHAKE}\r\n`);
    await within(caller.closed, 'the end');
    assert.equal(caller.rest.length, 0);
  });

  it('behind an answer that is being written waits for that', async () => {
    const get = 'GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n';
    const caller = fixture.call(`${get}\r\n`);
    caller.socket.pause();
    const { head } = await agent.take();
    const size = 60_000;
    await agent.reply(encodeResponse({ ...OK, id: head.id }, size), Buffer.alloc(size, 'a'));
    caller.send(`${get}${HANDSHAKE}\r\n`).socket.resume();
    assert.equal((await caller.response()).body.length, size);
    const taken = await agent.take();
    assert.equal(taken.head.body.kind, 'upgrade');
  });
});

function post(fields: string, framing: string): string {
  return `POST /forward/orders/ HTTP/1.1\r\nHost: p\r\n${fields}${framing}\r\n\r\n`;
}

const ASK = `GET /forward/orders/ HTTP/1.1\r\nHost: p\r\n${HANDSHAKE}\r\n`;

describe('WebSockets and the limits', () => {
  let fixture: Fixture;
  afterEach(() => fixture.stop());

  it('leave room for requests that come and go', async () => {
    fixture = await new Fixture({ maxUpgradesPerCode: 2 }).start();
    const agent = await fixture.agent();
    const callers = [fixture.call(ASK), fixture.call(ASK)];
    const ids = [(await agent.take()).head.id, (await agent.take()).head.id];
    assert.equal(problemCode(await fixture.call(ASK).response()), 'too_many_waiting');
    const other = fixture.get();
    const { head } = await agent.take();
    await agent.reply(encodeResponse({ ...OK, id: head.id }, 0));
    assert.equal((await other.response()).status, 200);
    callers[0]?.socket.resetAndDestroy();
    assert.deepEqual((await agent.poll({ acknowledge: ids })).cancelled.length, 1);
    fixture.call(ASK);
    assert.equal((await agent.take()).head.body.kind, 'upgrade');
  });

  it('count among all exchanges in flight', async () => {
    fixture = await new Fixture({ maxInFlight: 1 }).start();
    const agent = await fixture.agent();
    fixture.call(ASK);
    await agent.take();
    assert.equal(problemCode(await fixture.get().response()), 'busy');
    assert.equal(problemCode(await fixture.call(ASK).response()), 'busy');
  });

  it('are closed when the proxy’s grace time is over', async () => {
    fixture = await new Fixture({ drainTimeout: 10 }).start();
    const agent = await fixture.agent();
    const caller = fixture.call(ASK);
    const { head } = await agent.take();
    const reply = agent.open('POST', '/agent/reply');
    reply.write('\x01');
    const start = { id: head.id, status: 101, reason: '', fields: [] };
    reply.write(encodeResponseStart(start), 'latin1');
    await caller.through('\r\n\r\n');
    const closed = fixture.proxy.close();
    await fixture.settled();
    reply.write(data('still there'));
    await caller.through('still there');
    assert.equal(problemCode(await fixture.call(ASK).response()), 'draining');
    fixture.clock.advance(10_000);
    await within(caller.closed, 'the end');
    await within(closed, 'the end of the proxy');
  });

  it('do not outlive a proxy that is destroyed, answered or not', async () => {
    fixture = await new Fixture().start();
    const waiting = fixture.call(ASK);
    await fixture.settled();
    await within(fixture.proxy.destroy(), 'the end of the proxy');
    await within(waiting.closed, 'the end');
  });
});
