import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { connectThrough, NetworkProxyError } from '../../../src/agent/network-connect.ts';
import { until, within } from './support/wait.ts';

describe('a connection through a network’s proxy', () => {
  let server: Server;
  let heads: string[];
  let sockets: Socket[];
  /** What the proxy does once it has the head of a request. */
  let onHead: (socket: Socket) => void;

  beforeEach(async () => {
    heads = [];
    sockets = [];
    server = createServer((socket) => {
      sockets.push(socket);
      let head = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        head += chunk.toString('latin1');
        if (!head.endsWith('\r\n\r\n')) return;
        heads.push(head);
        head = '';
        onHead(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  function open(
    wanted: Partial<buildConnector.Options> = {},
    { credentials = '', timeoutMs = 1_000 } = {},
  ): Promise<Socket> {
    const { port } = server.address() as AddressInfo;
    const make = connectThrough({
      proxy: new URL(`http://${credentials}127.0.0.1:${port}`),
      proxyTls: {},
      connect: buildConnector({}),
      timeoutMs,
    });
    const options = { hostname: 'service.example', protocol: 'http:', port: '', ...wanted };
    const opened = new Promise<Socket>((resolve, reject) => {
      make(options, (error, socket) => (error === null ? resolve(socket) : reject(error)));
    });
    return within(opened, 'a connection');
  }

  async function refusal(...how: Parameters<typeof open>): Promise<NetworkProxyError> {
    const error: unknown = await open(...how).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof NetworkProxyError);
    await until(() => sockets.every(({ destroyed }) => destroyed), 'end of the connection');
    return error;
  }

  it('asks for host and port, with the port of the scheme where there is none', async () => {
    onHead = (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n');
    for (const [wanted, authority] of [
      [{}, 'service.example:80'],
      [{ port: '3000' }, 'service.example:3000'],
      [{ hostname: '::1', port: '3000' }, '[::1]:3000'],
      [{ hostname: '[::1]', port: '3000' }, '[::1]:3000'],
    ] as const) {
      (await open(wanted)).destroy();
      const head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
      assert.equal(heads.at(-1), head);
    }
  });

  it('shows the credentials of the address', async () => {
    onHead = (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n');
    (await open({}, { credentials: 'm%C3%A9:a%3Ab@' })).destroy();
    const encoded = Buffer.from('mé:a:b').toString('base64');
    assert.ok(heads[0]?.includes(`\r\nProxy-Authorization: Basic ${encoded}\r\n`));
  });

  it('loses nothing that follows the answer, and waits for all of its head', async () => {
    const answer = Buffer.from('HTTP/1.0 299 fine\r\nA: b\r\n\r\nfirst');
    onHead = (socket) => {
      let at = 0;
      const next = (): void => {
        if (at < answer.length - 6)
          socket.write(answer.subarray(at, ++at), () => setImmediate(next));
        else socket.write(answer.subarray(at));
      };
      next();
    };
    const socket = await open();
    const first = await new Promise((resolve) => socket.once('data', resolve));
    assert.equal(String(first), 'first');
    socket.destroy();
  });

  for (const [status, line] of [
    [407, 'HTTP/1.1 407 Proxy Authentication Required'],
    [403, 'HTTP/1.1 403'],
    [100, 'HTTP/1.1 100 Continue'],
  ] as const) {
    it(`fails with ${status} as the proxy does`, async () => {
      onHead = (socket) => socket.write(`${line}\r\n\r\n`);
      const error = await refusal();
      assert.equal(error.status, status);
      assert.match(error.message, new RegExp(`^127\\.0\\.0\\.1:\\d+: HTTP ${status}$`));
    });
  }

  it('fails where the proxy ends it, goes on forever, or speaks something else', async () => {
    onHead = (socket) => socket.end();
    assert.equal((await refusal()).status, undefined);
    onHead = (socket) => socket.write(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(17 * 1024)}`);
    assert.equal((await refusal()).status, undefined);
    onHead = (socket) => socket.write('SSH-2.0-x\r\n\r\n');
    assert.equal((await refusal()).status, undefined);
  });

  it('fails where the proxy says nothing in time', async () => {
    onHead = () => undefined;
    const error = await refusal({}, { timeoutMs: 20 });
    assert.match(error.message, /no answer to CONNECT$/);
  });
});
