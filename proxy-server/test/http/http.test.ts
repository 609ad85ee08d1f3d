import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWith, readBody, TooLargeError } from '../../src/http/index.ts';
import { rawProblem } from '../../src/http/problem-answer.ts';
import { type Problem, PROBLEM, type ProblemCode } from '../../src/protocol/index.ts';
import { problemCode, RawCaller } from '../support/caller.ts';
import { within } from '../support/wait.ts';

describe('a problem that is answered on the bare connection', () => {
  let server: Server;
  let caller: RawCaller;
  let answer: string;

  beforeEach(async () => {
    server = createServer();
    server.on('clientError', (_error, socket) => socket.end(Buffer.from(answer)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    caller = new RawCaller((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    caller.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  for (const code of Object.keys(PROBLEM) as ProblemCode[]) {
    it(`is a whole response for ${code}, marked as the proxy’s own`, async () => {
      const problem: Problem = { code, detail: 'détail — “quoted”', retryAfter: 3 };
      answer = rawProblem(problem);
      caller.send('nonsense\r\n\r\n');
      const response = await caller.response();
      assert.equal(problemCode(response), code);
      assert.equal(response.status, PROBLEM[code].status);
      const { detail, title } = JSON.parse(response.body.toString()) as Record<string, unknown>;
      assert.equal(detail, problem.detail);
      assert.equal(title, PROBLEM[code].title);
      assert.match(response.fields.join('\n'), /Retry-After\n3/);
      await within(caller.closed, 'the end');
      assert.equal(caller.rest.length, 0);
    });
  }
});

describe('a body that is read whole', () => {
  let server: Server;
  let caller: RawCaller;
  let read: Promise<Buffer>;

  beforeEach(async () => {
    const arrived = new Promise<IncomingMessage>((resolve) => {
      server = createServer(resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    caller = new RawCaller((server.address() as AddressInfo).port);
    read = arrived.then((request) => readBody(request, 10));
    read.catch(() => undefined);
  });
  afterEach(async () => {
    caller.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const POST = 'POST / HTTP/1.1\r\nHost: p\r\n';

  it('may be as large as its reader allows, in one chunk or several', async () => {
    caller.send(`${POST}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n6\r\nefghij\r\n0\r\n\r\n`);
    assert.equal((await within(read, 'the body')).toString(), 'abcdefghij');
  });

  it('may be empty', async () => {
    caller.send(`${POST}Content-Length: 0\r\n\r\n`);
    assert.equal((await within(read, 'the body')).length, 0);
  });

  it('may not be a byte larger', async () => {
    caller.send(`${POST}Content-Length: 11\r\n\r\nabcdefghijk`);
    await assert.rejects(within(read, 'the body'), TooLargeError);
  });

  it('is refused as soon as it is too large, before it has ended', async () => {
    caller.send(`${POST}Content-Length: 1000\r\n\r\nabcdefghijk`);
    await assert.rejects(within(read, 'the body'), TooLargeError);
  });

  it('is not taken for whole if the connection breaks', async () => {
    caller.send(`${POST}Content-Length: 10\r\n\r\nabc`);
    await new Promise((resolve) => caller.socket.write('', resolve));
    caller.socket.end();
    await assert.rejects(within(read, 'the body'), /broke off|aborted/);
  });
});

describe('a response that ends with bytes', () => {
  for (const size of [0, 1, 15 * 1024, 15 * 1024 + 1, 100_000]) {
    it(`carries ${size} of them unharmed`, async () => {
      const body = Buffer.from(Array.from({ length: size }, (_, at) => at % 256));
      const server = createServer((_request, response) => {
        response.writeHead(200, ['Content-Length', String(size), 'A', '\xe9']);
        endWith(response, body);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const caller = new RawCaller((server.address() as AddressInfo).port);
      caller.send('GET / HTTP/1.1\r\nHost: p\r\n\r\n');
      const response = await caller.response();
      caller.destroy();
      await new Promise((resolve) => server.close(resolve));
      assert.deepEqual(response.body, body);
      assert.equal(response.fields[3], '\xe9');
    });
  }
});
