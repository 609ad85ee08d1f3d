import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { Target } from '../../../src/agent/target.ts';
import { freshId } from './support/fake-proxy.ts';

describe('an idle connection to a target', () => {
  let server: Server;
  let target: Target;

  afterEach(async () => {
    await target.destroy();
    server.close();
  });

  it('is closed before a target that waits for 2 s, and does not say so, closes it', async function () {
    this.timeout(10_000);
    let connections = 0;
    const first = new Promise<'agent' | 'target'>((resolve) => {
      server = createServer((socket) => {
        connections += 1;
        socket.on('error', () => socket.destroy());
        socket.on('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
          socket.setTimeout(2_000, () => resolve('target'));
        });
        socket.on('close', () => resolve('agent'));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    target = new Target({ target: `http://127.0.0.1:${address.port}` }, 10_000);
    for (let round = 0; round < 3; round += 1) await call();
    assert.equal(await first, 'agent');
    assert.equal(connections, 1, 'it was used for all requests');
  });

  function call(): Promise<void> {
    const head = {
      id: freshId(),
      method: 'POST',
      target: '/',
      receivedAt: 1,
      patienceMs: 1,
      attempt: 1,
      caller: '127.0.0.1',
      httpVersion: '1.1',
      body: { kind: 'inline' },
      fields: [],
    } as const;
    return new Promise((resolve, reject) => {
      target.send(head, Buffer.from('x'), {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        // A turn later the connection may be used again.
        onResponseEnd: () => void setImmediate(() => setImmediate(resolve)),
        onResponseError: (_controller, error) => reject(error),
      });
    });
  }
});
