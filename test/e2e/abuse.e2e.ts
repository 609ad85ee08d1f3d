import assert from 'node:assert/strict';
import { type Answer, call, field } from './support/caller.ts';
import type { Fields } from './support/message.ts';
import { KIB, Load, tally } from './support/load.ts';
import { LedgerTarget } from './support/ledger.ts';
import { expectProblem } from './support/problem.ts';
import { helloOf, RawAgent, record, uint32 } from './support/raw-agent.ts';
import { type Rig, type RunningTunnel, useRig } from './support/rig.ts';
import { within } from './support/waiting.ts';

const PROXY_FLAGS = [
  ...['--max-head', '8192', '--max-fields', '50', '--max-target', '1024'],
  ...['--max-body', String(2 * KIB * KIB), '--head-timeout', '1', '--body-idle-timeout', '1'],
];

/** Ordinary callers beside the abuse. */
interface Neighbours {
  readonly tunnel: RunningTunnel;
  /** Checks that none of them, nor proxy and agent, noticed anything. */
  readonly unharmed: () => Promise<void>;
}

async function neighbours(rig: Rig): Promise<Neighbours> {
  const target = await LedgerTarget.start(rig);
  const tunnel = await rig.tunnel({ targetPort: target.port, proxyFlags: PROXY_FLAGS });
  const load = new Load({
    ...{ port: tunnel.port, base: tunnel.base, callers: 4, limitMs: 5_000 },
    next: (index) => ({ size: index % 4 === 0 ? 100 * KIB : KIB, action: 'echo' }),
  });
  await load.more(8);
  const mark = tunnel.agent.mark();
  return {
    tunnel,
    unharmed: async () => {
      await load.more(40);
      const outcomes = await load.stop();
      assert.equal(tally(outcomes), `${outcomes.length} right`);
      assert.ok(tunnel.proxy.isRunning && tunnel.agent.isRunning);
      const events = tunnel.agent.lines.slice(mark);
      assert.ok(!events.some(({ text }) => text.includes('"event":"state"')), 'agent stayed live');
    },
  };
}

describe('abuse of a proxy beside good traffic', () => {
  const rig = useRig();

  it('by malformed messages of agents is answered with 400 each, and harms nobody', async function () {
    this.timeout(30_000);
    const { tunnel, unharmed } = await neighbours(rig());
    const { port } = tunnel;
    const agent = new RawAgent(port, rig().secret);
    const hello = helloOf('raw');
    const hellos: readonly unknown[] = [
      ...[null, [], 'x', 1, {}],
      ...[
        { ...hello, code: '../x' },
        { ...hello, code: 7 },
        { ...hello, instance: 'short' },
      ],
      ...[
        { ...hello, protocol: 1 },
        { ...hello, policy: { reply: 'never' } },
      ],
      { ...hello, software: 'line\nbreak' },
    ];
    for (const value of hellos) {
      expectProblem(await agent.post('/agent/hello', JSON.stringify(value)), 400, 'malformed');
    }
    for (const text of ['', '{', '\xff\xfe', '['.repeat(10_000), 'x'.repeat(20_000)]) {
      expectProblem(await agent.post('/agent/hello', text), 400, 'malformed');
    }
    const future = { ...hello, protocol: { min: 2, max: 9 } };
    const refused = await agent.post('/agent/hello', JSON.stringify(future));
    assert.match(expectProblem(refused, 400, 'protocol_unsupported'), /Upgrade the proxy/);

    await agent.hello('raw');
    const id = '0'.repeat(32);
    const replies = [
      ...['\x02', '\x00', '\xff'.repeat(100), '\x01\x20', record(0x20, '', 7)],
      ...[record(0x7f, ''), record(0x01, 'x'), record(0x10, id), record(0x30, `${id}\x01`)],
      ...[record(0x20, '', 0xffff_ffff), record(0x22, '', 2 ** 30), record(0x22, 'data')],
      ...[record(0x20, uint32(99)), record(0x20, `${uint32(3)}abc`), record(0x25, `${id}\nx\n`)],
      ...[record(0x21, `${id}\n200\nOK`), record(0x21, `${id}\n20\nOK`), record(0x26, '\n\n')],
      ...[record(0x20, `${uint32(id.length + 10)}${id}\n200\nOK\nab`)],
    ];
    for (const [index, body] of replies.entries()) {
      const answer = await agent.post('/agent/reply', body);
      assert.equal(`reply ${index}: ${answer.status}`, `reply ${index}: 400`);
      expectProblem(answer, 400, 'malformed');
    }
    for (const body of [
      '\x09',
      record(0x10, 'half an id'),
      record(0x22, 'x'),
      record(0x10, '', 9),
    ]) {
      expectProblem(await agent.post('/agent/poll', body), 400, 'malformed');
      expectProblem(await agent.post('/agent/bye', body), 400, 'malformed');
    }
    const many = record(0x10, id.repeat(5_000));
    expectProblem(await agent.post('/agent/poll', many), 400, 'malformed');
    await unharmed();
  });

  it('by agents that have no right is refused', async () => {
    const { tunnel, unharmed } = await neighbours(rig());
    const paths = ['/agent/hello', '/agent/poll', '/agent/reply', '/agent/bye', '/agent/body/x'];
    const bearer: Fields = [['Authorization', `Bearer ${rig().secret}`]];
    const wrong: Fields[] = [
      [],
      [['Authorization', 'Bearer wrong-secret']],
      [['Authorization', `Basic ${rig().secret}`]],
    ];
    for (const path of paths) {
      const method = path.startsWith('/agent/body') ? 'GET' : 'POST';
      for (const fields of wrong) {
        const answer = await call(tunnel.port, { method, path, fields, body: '\x01' });
        expectProblem(answer, 401, 'unauthorized');
        assert.match(field(answer, 'www-authenticate') ?? '', /^Bearer /);
      }
      if (path === '/agent/hello') continue;
      for (const session of ['', 'f'.repeat(32), '__proto__']) {
        const fields: Fields = [...bearer, ['Caronte-Session', session]];
        const answer = await call(tunnel.port, { method, path, fields, body: '\x01' });
        expectProblem(answer, 404, 'session_unknown');
      }
    }
    for (const path of ['/agent/', '/agent/constructor', '/agent/poll/']) {
      const answer = await call(tunnel.port, { method: 'POST', path, fields: bearer, body: '' });
      expectProblem(answer, 404, 'not_found');
    }
    await unharmed();
  });

  it('by heads that are too large is answered with 431, by targets that are with 414', async () => {
    const { tunnel, unharmed } = await neighbours(rig());
    const { port, base } = tunnel;
    const send = (path: string, fields: Fields): Promise<Answer> => call(port, { path, fields });
    const large: Fields = [['X-Large', 'x'.repeat(10_000)]];
    expectProblem(await send(`${base}/`, large), 431, 'head_too_large');
    const many: Fields = Array.from({ length: 60 }, (_, at) => [`X-${at}`, 'y']);
    expectProblem(await send(`${base}/`, many), 431, 'head_too_large');
    expectProblem(await send(`${base}/${'p'.repeat(1_100)}`, []), 414, 'uri_too_long');
    await unharmed();
  });

  it('by bodies that are too large is answered with 413, announced or not', async () => {
    const { tunnel, unharmed } = await neighbours(rig());
    const { port, base } = tunnel;
    const body = Buffer.alloc(3 * KIB * KIB);
    const path = `${base}/`;
    const announced = await call(port, { method: 'POST', path, body });
    expectProblem(announced, 413, 'body_too_large');

    const fields: Fields = [['Transfer-Encoding', 'chunked']];
    const chunk = `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n\r\n`;
    const counted = await call(port, { method: 'POST', path, fields, body: chunk });
    expectProblem(counted, 413, 'body_too_large');
    await unharmed();
  });

  it('by slow heads and stalled bodies is answered with 408', async () => {
    const { tunnel, unharmed } = await neighbours(rig());
    const { port, base } = tunnel;
    const slow = await rig().caller(port);
    const slowReply = slow.expect('GET');
    slow.socket.write(`GET ${base}/ HTTP/1.1\r\nHost: x\r\nX-Slow: `);
    const stalled = await rig().caller(port);
    const stalledReply = stalled.expect('POST');
    stalled.socket.write(
      `POST ${base}/ HTTP/1.1\r\nHost: x\r\nX-Nonce: stalled\r\nContent-Length: 99\r\n\r\nabc`,
    );
    expectProblem(await within(6_000, 'answer', slowReply.whole), 408, 'upload_stalled');
    expectProblem(await within(6_000, 'answer', stalledReply.whole), 408, 'upload_stalled');
    await unharmed();
  });

  it('by what is not HTTP, or must not pass, is answered with 400 and 405', async () => {
    const { tunnel, unharmed } = await neighbours(rig());
    const { port, base } = tunnel;
    const raw = async (text: string, method = 'GET'): Promise<Answer> => {
      const caller = await rig().caller(port);
      const reply = caller.expect(method);
      caller.socket.write(text, 'latin1');
      return await within(5_000, 'answer', reply.whole);
    };
    const line = `GET ${base}/ HTTP/1.1\r\n`;
    const bad = [
      'nonsense\r\n\r\n',
      `${line}Host: a\r\nHost: b\r\n\r\n`,
      `${line}\r\n`,
      `${line}Host: a\r\nBad Name: x\r\n\r\n`,
      `${line}Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${line}Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      `GET ${base}/#fragment HTTP/1.1\r\nHost: a\r\n\r\n`,
      `POST ${base}/ HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ];
    for (const text of bad) expectProblem(await raw(text), 400, 'bad_request');
    const trace = await raw(`TRACE ${base}/ HTTP/1.1\r\nHost: a\r\n\r\n`, 'TRACE');
    expectProblem(trace, 405, 'method_not_allowed');
    const connect = await raw('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'CONNECT');
    expectProblem(connect, 405, 'method_not_allowed');
    await unharmed();
  });
});
