import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fetch } from 'undici';
import { KIB } from '../support/load.ts';
import { useRig } from '../support/rig.ts';
import { within } from '../support/waiting.ts';

/** Sends a request of `node:http` and waits for its answer's head. */
async function ask(
  url: string,
  options: RequestOptions = {},
  body?: Buffer,
): Promise<IncomingMessage> {
  const outgoing = request(url, options);
  outgoing.end(body);
  const [answer] = (await within(5_000, 'answer', once(outgoing, 'response'))) as [IncomingMessage];
  return answer;
}

describe('HTTP clients before a tunnel', () => {
  const rig = useRig();

  it('fetch: a body that is a stream reaches the target while it is written', async () => {
    let arrived: (text: string) => void = () => undefined;
    const targetPort = await rig().httpTarget((incoming, response) => {
      incoming.setEncoding('utf8').on('data', (text: string) => arrived(text));
      incoming.on('end', () => response.end('all of it'));
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = fetch(`http://127.0.0.1:${port}${base}/`, {
      method: 'PUT',
      body: readable,
      duplex: 'half',
    });
    for (let index = 0; index < 50; index += 1) {
      const text = new Promise<string>((resolve) => {
        arrived = resolve;
      });
      await writer.write(Buffer.from(`piece ${index}`));
      assert.equal(await within(2_000, 'piece', text), `piece ${index}`);
    }
    await writer.close();
    assert.equal(await (await answer).text(), 'all of it');
  });

  it('node:http: Expect: 100-continue is answered, and the body follows', async () => {
    const fields: IncomingMessage['headers'][] = [];
    const targetPort = await rig().httpTarget((incoming, response) => {
      fields.push(incoming.headers);
      incoming.pipe(response);
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const body = randomBytes(200 * KIB);
    const outgoing = request(`http://127.0.0.1:${port}${base}/`, {
      method: 'POST',
      headers: { Expect: '100-continue', 'Content-Length': body.length },
    });
    outgoing.flushHeaders();
    await within(2_000, '100 Continue', once(outgoing, 'continue'));
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    assert.ok((await buffer(answer)).equals(body));
    assert.equal(fields[0]?.expect, undefined);
  });

  it('node:http: a connection that is kept alive serves requests of all kinds in turn', async () => {
    const targetPort = await rig().httpTarget((incoming, response) => {
      const hash = createHash('sha256');
      incoming.on('data', (piece: Buffer) => hash.update(piece));
      incoming.on('end', () => {
        const digest = hash.digest('hex');
        // One answer is streamed, the next one travels whole, the third has no body.
        if (incoming.url === '/0') response.write(digest);
        if (incoming.url === '/2') response.writeHead(204, { 'X-Hash': digest });
        response.end(incoming.url === '/1' ? digest : undefined);
      });
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    rig().onEnd(() => agent.destroy());
    const sockets = new Set<unknown>();
    for (let index = 0; index < 150; index += 1) {
      const kind = index % 3;
      const method = ['POST', 'PUT', 'DELETE'][index % 7] ?? 'PATCH';
      const body = randomBytes([0, 100, 80 * KIB][index % 4] ?? 1);
      const url = `http://127.0.0.1:${port}${base}/${kind}`;
      const headers = { 'Content-Length': body.length };
      const answer = await ask(url, { agent, method, headers }, body);
      sockets.add(answer.socket);
      const text = (await buffer(answer)).toString();
      const digest = createHash('sha256').update(body).digest('hex');
      assert.equal(kind === 2 ? answer.headers['x-hash'] : text, digest, `request ${index}`);
    }
    assert.equal(sockets.size, 1);
  });

  it('node:http: what is compressed stays as it is, in both directions', async () => {
    const targetPort = await rig().httpTarget((incoming, response) => {
      void buffer(incoming).then((bytes) => {
        response.setHeader('Content-Encoding', incoming.headers['content-encoding'] ?? '');
        response.setHeader('Vary', 'Accept-Encoding');
        response.setHeader('X-Accepted', incoming.headers['accept-encoding'] ?? '');
        response.end(bytes);
      });
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const text = 'compressed '.repeat(20_000);
    for (const bytes of [gzipSync(text, { level: 9 }), gzipSync(randomBytes(150 * KIB))]) {
      const headers = { 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip, br;q=0.5' };
      const url = `http://127.0.0.1:${port}${base}/`;
      const answer = await ask(url, { method: 'POST', headers }, bytes);
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.equal(answer.headers.vary, 'Accept-Encoding');
      assert.equal(answer.headers['x-accepted'], 'gzip, br;q=0.5');
      const got = await buffer(answer);
      assert.ok(got.equals(bytes));
      assert.ok(gunzipSync(got).length > 0);
      // fetch takes it apart by itself.
      const fetched = await fetch(url, { method: 'POST', headers, body: bytes });
      assert.ok(Buffer.from(await fetched.arrayBuffer()).equals(gunzipSync(bytes)));
    }
  });
});
