import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { call, headText } from '../support/caller.ts';
import { useRig } from '../support/rig.ts';
import { pastHalfClose, until, within } from '../support/waiting.ts';
import { startDocumentAgent } from './start.ts';

describe('an agent written from docs/protocol.md alone', () => {
  const rig = useRig();

  it('shares no code with the proxy and its agent', async () => {
    for (const file of ['agent.ts', 'exchange.ts', 'records.ts', 'streams.ts']) {
      const source = await readFile(new URL(file, import.meta.url), 'utf8');
      for (const [, from = ''] of source.matchAll(/from '([^']*)'/g)) {
        assert.match(from, /^(?:node:[a-z/]+|\.\/[a-z]+\.ts)$/);
      }
    }
  });

  it('completes exchanges', async () => {
    const { port, agent } = await startDocumentAgent(rig(), (request, response) => {
      response.setHeader('X-Method', request.method ?? '');
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.statusCode = 201;
      request.pipe(response);
    });
    for (const method of ['POST', 'PUT', 'GET', 'DELETE']) {
      const body = method === 'GET' ? undefined : `body of ${method}`;
      const path = `/forward/document/${method}?a=%20`;
      const answer = await call(port, { method, path, ...(body !== undefined && { body }) });
      assert.equal(answer.status, 201);
      assert.equal(answer.body.toString(), body ?? '');
      const cookies = answer.fields.filter(([name]) => name === 'Set-Cookie');
      assert.deepEqual(
        cookies.map(([, value]) => value),
        ['a=1', 'b=2'],
      );
    }
    await agent.stop();
    assert.deepEqual(
      [...agent.ends.values()],
      Array.from({ length: 4 }, () => 'delivered'),
    );
    assert.equal(agent.forms.get('/POST?a=%20'), 'whole');
  });

  it('completes an exchange that is streamed both ways', async () => {
    const { port, agent } = await startDocumentAgent(rig(), (request, response) => {
      response.flushHeaders();
      request.pipe(response);
    });
    const caller = await rig().caller(port);
    const reply = caller.expect('POST');
    const fields = [['Transfer-Encoding', 'chunked']] as const;
    const path = '/forward/document/stream';
    await caller.write(headText({ method: 'POST', path, fields, body: '' }, 0));
    // Each word comes back before the next one is sent.
    for (const word of ['one ', 'two ', 'three']) {
      await caller.write(`${word.length.toString(16)}\r\n${word}\r\n`);
      await until(() => reply.text().endsWith(word), word, 5_000);
    }
    await caller.write('0\r\n\r\n');
    assert.equal((await within(5_000, 'answer', reply.whole)).body.toString(), 'one two three');

    const body = randomBytes(3_000_000);
    const large = await call(port, { method: 'POST', path: '/forward/document/large', body });
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    assert.equal(hash(large.body), hash(body));
    await until(() => agent.ends.size === 2, 'end of both');
    await agent.stop();
    assert.deepEqual([...agent.ends.values()], ['delivered', 'delivered']);
    assert.deepEqual([...agent.forms.values()], ['pieces', 'pieces']);
  });

  it('passes an answer on that comes before the target has read the request', async () => {
    // It answers, and reads on for as long as anything comes.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () =>
        socket.end('HTTP/1.1 413 Large\r\nContent-Length: 9\r\n\r\ntoo large'),
      );
      socket.resume();
      rig().onEnd(() => socket.destroy());
    });
    rig().onEnd(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const targetPort = (server.address() as AddressInfo).port;
    const { port, agent } = await startDocumentAgent(rig(), targetPort);
    const body = randomBytes(8_000_000);
    const request = { method: 'PUT', path: '/forward/document/early', body };
    const answer = await call(port, request);
    assert.deepEqual([answer.status, String(answer.body)], [413, 'too large']);
    await agent.stop();
    assert.equal(agent.ends.get('/early'), 'delivered');
  });

  it('breaks the target’s connection off when the caller leaves', async () => {
    let arrived: (response: ServerResponse) => void = () => undefined;
    const atTarget = new Promise<ServerResponse>((resolve) => {
      arrived = resolve;
    });
    const { port, agent } = await startDocumentAgent(rig(), (request, response) => {
      request.resume();
      arrived(response);
    });
    const caller = await rig().caller(port);
    caller.send({ path: '/forward/document/left' });
    const response = await within(5_000, 'request at the target', atTarget);
    const closed = once(response, 'close');
    await pastHalfClose(performance.now());
    caller.leave();
    await within(1_000, 'end at the target', closed);
    await until(() => agent.ends.size === 1, 'end of the exchange');
    await agent.stop();
    assert.equal(agent.ends.get('/left'), 'cancelled');
  });
});
