import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlainly, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { HALF_CLOSE_MS } from '../../src/http/index.ts';
import {
  encodeEnd,
  encodeResponse,
  encodeResponseStart,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { field, problemCode } from '../support/caller.ts';
import { FIRST, SECOND } from '../support/certificates.ts';
import { Fixture } from '../support/fixture.ts';
import { readRecords, SECRET } from '../support/test-agent.ts';
import { within } from '../support/wait.ts';

const OPTIONS = { tls: FIRST, domain: 'example.dev' };

describe('a proxy with a certificate', () => {
  let fixture: Fixture;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    fixture = await new Fixture({ drainTimeout: 3600 }, OPTIONS).start();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await fixture.stop();
  });

  /** Shakes hands; rejects if that fails. */
  async function shake(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ port: fixture.port, host: '127.0.0.1', ...options });
    sockets.push(socket);
    await within(once(socket, 'secureConnect'), 'the handshake');
    return socket;
  }

  it('serves callers and agents over TLS, and says so to the target', async () => {
    const agent = await fixture.agent();
    const caller = fixture.call('GET /x HTTP/1.1\r\nHost: orders.example.dev\r\n\r\n');
    const { head } = await agent.take();
    assert.equal(field(head.fields, 'X-Forwarded-Proto'), 'https');
    assert.match(field(head.fields, 'Forwarded') ?? '', /;proto=https$/);
    const answer = { id: head.id, status: 200, reason: 'OK', fields: [] };
    await agent.reply(encodeResponse(answer, 2), 'ok');
    assert.equal((await caller.response()).body.toString(), 'ok');
  });

  it('tells agents its https address', async () => {
    const agent = await fixture.agent();
    const { body } = await agent.hello();
    const { publicUrls } = JSON.parse(body.toString()) as Record<string, unknown>;
    assert.deepEqual(publicUrls, [`https://orders.example.dev:${fixture.port}/`]);
  });

  it('refuses heads as it does without TLS', async () => {
    const raw = async (bytes: string) => problemCode(await fixture.call(bytes).response());
    assert.equal(await raw('GET /forward/orders/ HTTP/1.1\r\n\r\n'), 'bad_request');
    assert.equal(await raw('not HTTP at all\r\n\r\n'), 'bad_request');
    assert.equal(await raw('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'), 'method_not_allowed');
    const long = `GET /forward/orders/ HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`;
    assert.equal(await raw(long), 'head_too_large');
  });

  it('serves a request for another upgrade as if it had not asked', async () => {
    const agent = await fixture.agent();
    const fields = 'Host: orders.example.dev\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n';
    const caller = fixture.call(`GET /x HTTP/1.1\r\n${fields}\r\n`);
    const { head } = await agent.take();
    assert.equal(field(head.fields, 'Upgrade'), undefined);
    await agent.reply(
      encodeResponse({ id: head.id, status: 200, reason: 'OK', fields: [] }, 2),
      'ok',
    );
    assert.equal((await caller.response()).body.toString(), 'ok');
  });

  it('passes a WebSocket on, half-closed by either end', async () => {
    const agent = await fixture.agent();
    const fields = 'Host: orders.example.dev\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    const caller = fixture.call(`GET /x HTTP/1.1\r\n${fields}\r\n`, true);
    const { head } = await agent.take();
    assert.equal(head.body.kind, 'upgrade');
    assert.equal(head.target, '/x');
    const start = { id: head.id, status: 101, reason: '', fields: [] };
    const data = recordHeader(RECORD.data, 5) + 'first';
    const { results } = await agent.reply(encodeResponseStart(start), data, encodeEnd([]));
    assert.deepEqual(results, [{ id: head.id, outcome: 1 }]);
    assert.match(await caller.through('first'), /^HTTP\/1\.1 101 /);
    caller.send('then').socket.end();
    const { body } = await agent.fetchBody(head.id);
    assert.ok(body.includes(`${recordHeader(RECORD.data, 4)}then`, 0, 'latin1'));
    assert.equal(readRecords(body).at(-1)?.type, RECORD.end);
    await within(caller.closed, 'the end');
  });

  it('hears that a caller has left', async () => {
    const agent = await fixture.agent();
    const caller = fixture.call('GET / HTTP/1.1\r\nHost: orders.example.dev\r\n\r\n');
    const { head } = await agent.take();
    const poll = agent.startPoll({ acknowledge: [head.id] });
    fixture.clock.advance(HALF_CLOSE_MS + 1);
    caller.destroy();
    assert.deepEqual((await poll.answer).cancelled, [{ id: head.id, reason: 'caller_gone' }]);
  });

  it('speaks TLS 1.2 and 1.3, nothing older, and HTTP/1.1 alone', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shake({
        ca: FIRST.cert,
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], [version, 'http/1.1']);
    }
    // Old versions are not in what this Node offers unless the level is lowered.
    const old = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    await assert.rejects(shake({ ca: FIRST.cert, ...old }), {
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it('closes a connection that speaks no TLS, and goes on', async () => {
    const plain = connectPlainly(fixture.port, '127.0.0.1');
    sockets.push(plain);
    plain.on('error', () => undefined);
    plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    plain.resume();
    await within(once(plain, 'close'), 'the end');
    const caller = fixture.call('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(problemCode(await caller.response()), 'not_found');
  });

  it('is closed at once although some have not shaken hands, or asked for nothing', async () => {
    const mute = connectPlainly(fixture.port, '127.0.0.1');
    sockets.push(mute);
    mute.on('error', () => undefined);
    mute.resume();
    await once(mute, 'connect');
    const idle = await shake({ ca: FIRST.cert });
    idle.resume();
    await fixture.settled();
    const gone = Promise.all([once(mute, 'close'), once(idle, 'close')]);
    await within(fixture.proxy.close(), 'the end');
    await within(gone, 'the connections');
  });

  it('is destroyed although some have not shaken hands', async () => {
    const mute = connectPlainly(fixture.port, '127.0.0.1');
    sockets.push(mute);
    mute.on('error', () => undefined);
    mute.resume();
    await once(mute, 'connect');
    await fixture.settled();
    const gone = once(mute, 'close');
    await within(fixture.proxy.destroy(), 'the end');
    await within(gone, 'the connection');
  });

  it('uses another certificate for new connections, and keeps those that are open', async () => {
    const before = fixture.call('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(problemCode(await before.response()), 'not_found');
    fixture.proxy.reload({ secrets: [SECRET], tls: SECOND });
    const after = await shake({ ca: SECOND.cert, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    assert.equal(after.getPeerCertificate().subject.CN, 'second');
    await assert.rejects(shake({ ca: FIRST.cert }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    before.send('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(problemCode(await before.response()), 'not_found');
  });

  it('keeps its certificate and its secrets if the new ones do not fit', async () => {
    const tls = { cert: FIRST.cert, key: SECOND.key };
    assert.throws(() => fixture.proxy.reload({ secrets: ['another secret'], tls }));
    assert.equal((await shake({ ca: FIRST.cert })).authorized, true);
    assert.equal((await fixture.agent()).secret, SECRET);
  });

  it('takes other secrets at once, for sessions too', async () => {
    const agent = await fixture.agent();
    fixture.proxy.reload({ secrets: ['another secret'], tls: undefined });
    assert.equal((await agent.poll()).problem, 'unauthorized');
    assert.equal((await agent.hello()).problem, 'unauthorized');
    assert.equal((await shake({ ca: FIRST.cert })).authorized, true);
  });
});
