import { type BodyForm, type ExchangeHead } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setInterval } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { Target } from '../../../src/agent/target.ts';
import type { TargetBody } from '../../../src/agent/target-body.ts';
import { targetFailure } from '../../../src/agent/target-error.ts';
import { freshId } from './support/fake-proxy.ts';
import { until } from './support/wait.ts';

/** Hears what a delivery would. */
class Handler implements Dispatcher.DispatchHandler {
  readonly heard: string[] = [];
  controller: Dispatcher.DispatchController | undefined;
  error: Error | undefined;
  body = '';

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.heard.push('start');
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    this.heard.push(`${status} ${reason} ${JSON.stringify(controller.rawHeaders)}`);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body += chunk.toString('latin1');
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.heard.push(`end ${JSON.stringify(controller.rawTrailers)}`);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.error = error;
    this.heard.push('error');
  }
}

describe('a request that undici cannot make', () => {
  let server: Server;
  let target: Target;
  let text = '';
  let closed = false;
  const sockets: Socket[] = [];

  async function listen(onText: (socket: Socket) => void, timeoutMs = 5_000): Promise<void> {
    text = '';
    closed = false;
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        onText(socket);
      });
      socket.on('error', () => socket.destroy());
      socket.on('close', () => (closed = true));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    target = new Target({ target: `http://127.0.0.1:${address.port}` }, timeoutMs);
  }

  afterEach(async () => {
    await target.destroy();
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
  });

  function head(body: BodyForm, more: Partial<ExchangeHead> = {}): ExchangeHead {
    return {
      id: freshId(),
      method: 'POST',
      target: '/',
      receivedAt: 1,
      patienceMs: 1,
      attempt: 1,
      caller: '127.0.0.1',
      httpVersion: '1.1',
      body,
      fields: ['trailer', 'X-Sum', 'X-a', '\xe9', 'Host', 'caller', 'Content-Length', '9'],
      ...more,
    };
  }

  const CHUNKS: BodyForm = { kind: 'stream', length: undefined };

  function stream(...pieces: string[]): TargetBody {
    return {
      pieces: Readable.from(pieces.map((piece) => Buffer.from(piece))),
      trailers: () => ['X-Sum', '\xe9', 'x-sum', '2'],
    };
  }

  function send(about: ExchangeHead, body: TargetBody): Handler {
    const handler = new Handler();
    target.send(about, body, handler);
    return handler;
  }

  it('has its trailers, its fields in order, and the target’s own Host', async () => {
    await listen((socket) => {
      if (text.endsWith('2\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const handler = send(head(CHUNKS), stream('one', 'two'));
    await until(() => handler.heard.length === 3, 'the end');
    assert.deepEqual(handler.heard, ['start', '200 OK ["Content-Length","2"]', 'end []']);
    assert.equal(handler.body, 'ok');
    const [first = '', ...lines] = text.split('\r\n');
    assert.equal(first, 'POST / HTTP/1.1');
    assert.match(lines[0] ?? '', /^Host: 127\.0\.0\.1:\d+$/);
    assert.deepEqual(lines.slice(1, 4), [
      'trailer: X-Sum',
      'X-a: \xe9',
      'Transfer-Encoding: chunked',
    ]);
    assert.ok(text.endsWith('3\r\none\r\n3\r\ntwo\r\n0\r\nX-Sum: \xe9\r\nx-sum: 2\r\n\r\n'), text);
  });

  it('may be for *, with or without a body', async () => {
    for (const [form, body, end] of [
      [{ kind: 'none' }, null, '\r\n\r\n'],
      [{ kind: 'inline' }, Buffer.from('body'), 'body'],
    ] as const) {
      await listen((socket) => {
        if (text.endsWith(end)) socket.end('HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n');
      });
      const handler = send(head(form, { method: 'OPTIONS', target: '*' }), body);
      await until(() => handler.heard.length === 3, 'the end');
      assert.match(text, /^OPTIONS \* HTTP\/1\.1\r\nHost: /);
      assert.equal(/Content-Length: 4/.test(text), body !== null);
      assert.doesNotMatch(text, /Transfer-Encoding/i);
      await target.destroy();
      server.close();
    }
  });

  it('brings informational responses, trailers and reasons as undici does', async () => {
    await listen((socket) => {
      if (!text.endsWith('2\r\n\r\n')) return;
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      const reason = Buffer.from('Prüfung').toString('latin1');
      const fields = 'Transfer-Encoding: chunked\r\n';
      socket.write(
        `HTTP/1.1 200 ${reason}\r\n${fields}\r\n2\r\nok\r\n0\r\nX: \xe9\r\n\r\n`,
        'latin1',
      );
    });
    const handler = send(head(CHUNKS), stream('one'));
    await until(() => handler.heard.length === 4, 'the end');
    assert.deepEqual(handler.heard, [
      'start',
      '103 Early Hints ["Link","</a>"]',
      '200 Prüfung ["Transfer-Encoding","chunked"]',
      'end ["X","\xe9"]',
    ]);
  });

  it('to nobody fails before it has begun, so that another attempt is harmless', async () => {
    await listen(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const handler = send(head(CHUNKS), stream('one'));
    await until(() => handler.error !== undefined, 'the error');
    assert.deepEqual(handler.heard, ['error']);
    assert.deepEqual(targetFailure(handler.error), {
      code: 'target_unreachable',
      cause: 'connection refused',
      unsent: true,
    });
  });

  it('without an answer in time fails as such', async () => {
    await listen(() => undefined, 50);
    const handler = send(head(CHUNKS), stream('one'));
    await until(() => handler.error !== undefined, 'the error');
    assert.equal(targetFailure(handler.error).code, 'target_timeout');
    await until(() => closed, 'the end of the connection');
  });

  it('may take longer than the answer for its body, but the target may not stop reading', async () => {
    const answerMs = 250;
    await listen((socket) => {
      if (text.endsWith('0\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }, answerMs);
    async function* slow(): AsyncGenerator<Buffer> {
      let passed = 0;
      for await (const _ of setInterval(answerMs / 2)) {
        passed += 1;
        yield Buffer.from('x');
        if (passed === 5) return;
      }
    }
    const pieces = Readable.from(slow(), { objectMode: false });
    const handler = send(head(CHUNKS), { pieces, trailers: () => [] });
    await until(() => handler.heard.length === 3, 'the answer');
    assert.deepEqual(handler.heard.at(-1), 'end []');
    await target.destroy();
    server.close();

    await listen((socket) => socket.pause(), 50);
    const endless = new Readable({ read: () => endless.push(Buffer.alloc(64 * 1024)) });
    const stuck = send(head(CHUNKS), { pieces: endless, trailers: () => [] });
    await until(() => stuck.error !== undefined, 'the error');
    assert.equal(targetFailure(stuck.error).code, 'target_timeout');
  });

  it('whose target breaks off fails, before and in the answer', async () => {
    for (const beginning of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf']) {
      await listen((socket) => {
        if (text.endsWith('2\r\n\r\n')) socket.end(beginning);
      });
      const handler = send(head(CHUNKS), stream('one'));
      await until(() => handler.error !== undefined, 'the error');
      assert.equal(targetFailure(handler.error).code, 'target_broke_off');
      assert.ok(!handler.heard.some((what) => what.startsWith('end')));
      await target.destroy();
      server.close();
    }
  });

  it('that is aborted, or whose body breaks off, leaves nothing that looks complete', async () => {
    for (const how of ['abort', 'body'] as const) {
      await listen(() => undefined);
      const pieces = new Readable({ read: () => undefined });
      pieces.push('one');
      const handler = send(head(CHUNKS), { pieces, trailers: () => [] });
      await until(() => text.includes('one'), 'the first piece');
      if (how === 'abort') handler.controller?.abort(new Error('no use'));
      else pieces.destroy(new Error('broken'));
      await until(() => closed && handler.error !== undefined, 'the end of the connection');
      assert.doesNotMatch(text, /\r\n0\r\n/);
      assert.ok(pieces.destroyed);
      await target.destroy();
      server.close();
    }
  });

  it('whose target answers before it has read the body lets go of the rest', async () => {
    await listen((socket) => {
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
    });
    const pieces = new Readable({ read: () => undefined });
    pieces.push('one');
    const handler = send(head(CHUNKS), { pieces, trailers: () => [] });
    await until(() => handler.heard.includes('end []'), 'the answer');
    assert.equal(handler.body, 'big');
    await until(() => closed && pieces.destroyed, 'the end of the connection and of the body');
  });

  it('fails at once where the target switches to something that nobody asked for', async () => {
    await listen((socket) => {
      const fields = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nbytes`);
    });
    const handler = send(head({ kind: 'none' }, { method: 'OPTIONS', target: '*' }), null);
    await until(() => handler.error !== undefined, 'the error');
    assert.deepEqual(handler.heard, ['start', 'error']);
    assert.equal(targetFailure(handler.error).code, 'target_broke_off');
    await until(() => closed, 'the end of the connection');
  });

  it('that no HTTP could carry is refused', async () => {
    await listen(() => undefined);
    const bad = send(head(CHUNKS, { fields: ['Trailer', 'X', 'X', 'a\nb'] }), stream('one'));
    assert.equal(targetFailure(bad.error).code, 'agent_refused');
    const pieces = Readable.from([Buffer.from('one')]);
    const worse = send(head(CHUNKS), { pieces, trailers: () => ['X-Sum', 'a\r\nb'] });
    await until(() => worse.error !== undefined, 'the error');
    assert.equal(targetFailure(worse.error).code, 'agent_refused');
    await until(() => closed, 'the end of the connection');
    assert.doesNotMatch(text, /\r\n0\r\n/);
  });

  it('is read at the pace of whoever hears it', async () => {
    await listen((socket) => {
      if (!text.endsWith('2\r\n\r\n')) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${8 * 1024 * 1024}\r\n\r\n`);
      socket.write(Buffer.alloc(8 * 1024 * 1024));
    });
    const handler = new Handler();
    let paused = 0;
    handler.onResponseData = (controller, chunk) => {
      handler.body += 'x'.repeat(chunk.length);
      if (paused > 0) return;
      paused = handler.body.length;
      controller.pause();
      setImmediate(() => setImmediate(() => controller.resume()));
      assert.equal(controller.paused, true);
    };
    target.send(head(CHUNKS), stream('one'), handler);
    await until(() => handler.body.length === 8 * 1024 * 1024, 'all of it');
    await until(() => handler.heard.includes('end []'), 'the end');
  });
});
