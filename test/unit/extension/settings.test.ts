import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { isCode, suggestCode } from '../../../src/extension/settings/code.ts';
import { isLoopback, readProxyUrl } from '../../../src/extension/settings/proxy-url.ts';
import { readSettings } from '../../../src/extension/settings/read.ts';
import {
  isHost,
  isSocketPath,
  shortTarget,
  targetOrigin,
} from '../../../src/extension/settings/target.ts';

function read(values: Record<string, unknown>): ReturnType<typeof readSettings> {
  return readSettings((key) => values[key]);
}

describe('reading settings', () => {
  it('gives the defaults where nothing is set', () => {
    const { settings, problems } = read({});
    assert.deepEqual(problems, []);
    assert.deepEqual(settings, {
      proxyUrl: undefined,
      code: undefined,
      targetPort: undefined,
      targetHost: 'localhost',
      targetProtocol: 'http',
      targetSocket: undefined,
      targetManner: {
        hostHeader: 'target',
        caFile: undefined,
        insecure: false,
        rewritePaths: false,
      },
      sendReply: true,
      whenOffline: 'refuse',
      queue: {
        review: false,
        parallel: 1,
        methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
        refused: 'settle',
        dedupeSeconds: 0,
      },
      share: 'exclusive',
      maxAttempts: 5,
      autoStart: false,
      historyLimit: 1000,
      historyMaxBytes: 268_435_456,
    });
  });

  it('takes the values that fit', () => {
    const { settings, problems } = read({
      proxyUrl: ' https://proxy.example.com/base/ ',
      code: 'orders',
      'target.port': 65_535,
      'target.host': '::1',
      'target.protocol': 'https',
      'target.socket': '/run/app.sock',
      'target.hostHeader': 'app.example:81',
      'target.ca': '/etc/ca.pem',
      'target.insecure': true,
      'target.rewritePaths': true,
      sendReply: false,
      whenOffline: 'queue',
      'queue.review': true,
      'queue.parallel': 1024,
      'queue.methods': ['post', ' GET', 'POST'],
      'queue.onRefused': 'dead',
      'queue.dedupeSeconds': 604_800,
      share: 'broadcast',
      maxAttempts: 20,
      autoStart: true,
      'history.limit': 10,
      'history.maxBytes': 1_048_576,
    });
    assert.deepEqual(problems, []);
    assert.equal(settings.proxyUrl, 'https://proxy.example.com/base');
    assert.equal(settings.targetPort, 65_535);
    assert.equal(settings.targetHost, '::1');
    assert.equal(settings.targetSocket, '/run/app.sock');
    assert.deepEqual(settings.targetManner, {
      hostHeader: 'app.example:81',
      caFile: '/etc/ca.pem',
      insecure: true,
      rewritePaths: true,
    });
    assert.equal(settings.maxAttempts, 20);
    assert.equal(settings.whenOffline, 'queue');
    assert.deepEqual(settings.queue, {
      review: true,
      parallel: 1024,
      methods: ['POST', 'GET'],
      refused: 'dead',
      dedupeSeconds: 604_800,
    });
    assert.equal(settings.share, 'broadcast');
    assert.equal(settings.historyLimit, 10);
  });

  it('takes null, which a nullable setting has as its default, for not set', () => {
    assert.deepEqual(read({ 'target.port': null }).problems, []);
  });

  it('brings a number that is out of bounds to the nearest bound, and says so', () => {
    const { settings, problems } = read({
      maxAttempts: 0,
      'queue.parallel': 1025,
      'queue.dedupeSeconds': 604_801,
      'history.limit': 1_000_000,
    });
    assert.equal(settings.maxAttempts, 1);
    assert.equal(settings.queue.parallel, 1024);
    assert.equal(settings.queue.dedupeSeconds, 604_800);
    assert.equal(settings.historyLimit, 10_000);
    assert.deepEqual(problems.map(({ key }) => key).toSorted(), [
      'history.limit',
      'maxAttempts',
      'queue.dedupeSeconds',
      'queue.parallel',
    ]);
  });

  it('takes no port that is near a wrong one', () => {
    for (const port of [0, 65_536, -1, 3000.5, '3000']) {
      const { settings, problems } = read({ 'target.port': port });
      assert.equal(settings.targetPort, undefined);
      assert.equal(problems.length, 1, String(port));
    }
  });

  it('queues no method that cannot be forwarded, and no list that names one', () => {
    const many = Array.from({ length: 33 }, () => 'POST');
    assert.deepEqual(read({ 'queue.methods': many }).problems, [], 'the same one counts once');
    for (const value of [[], ['POST', 'CONNECT'], ['TRACE'], ['P OST'], [5], 'POST', METHODS]) {
      const { settings, problems } = read({ 'queue.methods': value });
      assert.deepEqual(settings.queue.methods, ['POST', 'PUT', 'PATCH', 'DELETE']);
      assert.equal(problems.length, 1, String(value));
    }
  });

  it('ignores values of a wrong type and names each', () => {
    const { settings, problems } = read({
      proxyUrl: 5,
      code: ['a'],
      'target.host': 'a/b',
      'target.protocol': 'ftp',
      'target.socket': 'app.sock',
      'target.hostHeader': 'a b',
      'target.ca': 'ca.pem',
      'target.insecure': 1,
      'target.rewritePaths': 'yes',
      sendReply: 'no',
      whenOffline: 'keep',
      'queue.onRefused': true,
      'queue.review': 'yes',
      share: 'everybody',
      maxAttempts: '3',
      autoStart: 1,
    });
    assert.equal(problems.length, 16);
    assert.equal(settings.proxyUrl, undefined);
    assert.equal(settings.targetHost, 'localhost');
    assert.equal(settings.sendReply, true);
    assert.equal(settings.whenOffline, 'refuse');
    assert.equal(settings.queue.refused, 'settle');
    assert.equal(settings.share, 'exclusive');
    assert.equal(settings.maxAttempts, 5);
    for (const { detail } of problems) assert.match(detail, /^caronte\./);
  });
});

describe('a proxy’s address', () => {
  it('keeps a path and drops the slash at its end', () => {
    assert.deepEqual(readProxyUrl('https://example.com:8443/caronte/'), {
      ok: true,
      url: 'https://example.com:8443/caronte',
      origin: 'https://example.com:8443',
    });
  });

  it('gets a scheme where it has none: http on this machine, else https', () => {
    const url = (text: string): unknown => {
      const result = readProxyUrl(text);
      return result.ok ? result.url : result.problem;
    };
    assert.equal(url('proxy.example.com'), 'https://proxy.example.com');
    assert.equal(url('localhost:8080'), 'http://localhost:8080');
    assert.equal(url('127.0.0.1:8080'), 'http://127.0.0.1:8080');
  });

  it('is refused with the reason', () => {
    const problem = (text: string): unknown => {
      const result = readProxyUrl(text);
      return result.ok ? undefined : result.problem;
    };
    assert.equal(problem('  '), 'empty');
    assert.equal(problem('http://'), 'not_a_url');
    assert.equal(problem('ftp://example.com'), 'not_http');
    assert.equal(problem('https://user:word@example.com'), 'has_credentials');
    assert.equal(problem('https://example.com/?secret=1'), 'has_query');
    assert.equal(problem('https://example.com/#x'), 'has_query');
  });

  it('knows what stays on this machine', () => {
    for (const host of ['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
      assert.ok(isLoopback(host), host);
    for (const host of ['127.0.0.1.example.com', 'example.com', '10.0.0.1'])
      assert.ok(!isLoopback(host), host);
  });
});

describe('a suggested code', () => {
  const first = (): number => 0;

  it('is the folder’s name and four letters', () => {
    assert.equal(suggestCode('orders', first), 'orders-aaaa');
    assert.match(suggestCode('orders'), /^orders-[a-z]{4}$/);
  });

  it('is valid whatever the folder is called', () => {
    for (const name of [
      'Café Übung',
      '  ',
      '日本',
      '---',
      'a'.repeat(300),
      '../..',
      '.env',
      undefined,
    ]) {
      const code = suggestCode(name);
      assert.ok(isCode(code), code);
    }
    assert.equal(suggestCode('Café Übung', first), 'cafe-ubung-aaaa');
    assert.equal(suggestCode(undefined, first), 'tunnel-aaaa');
  });
});

describe('a target', () => {
  it('is written as an origin, an IPv6 address in brackets', () => {
    assert.equal(targetOrigin({ protocol: 'http', host: '::1', port: 3000 }), 'http://[::1]:3000');
    assert.equal(targetOrigin({ protocol: 'https', host: 'db', port: 443 }), 'https://db:443');
  });

  it('is short where it is on this machine', () => {
    assert.equal(shortTarget({ protocol: 'http', host: 'localhost', port: 3000 }), ':3000');
    assert.equal(shortTarget({ protocol: 'http', host: 'db', port: 3000 }), 'db:3000');
  });

  it('may be a Unix socket', () => {
    const target = {
      protocol: 'http',
      host: 'localhost',
      port: 80,
      socket: '/run/app.sock',
    } as const;
    assert.equal(targetOrigin(target), 'unix:/run/app.sock');
    assert.equal(shortTarget(target), 'app.sock');
    assert.ok(isSocketPath(`/${'x'.repeat(102)}`));
    for (const path of ['', 'app.sock', '//run/app.sock', `/${'x'.repeat(103)}`])
      assert.ok(!isSocketPath(path), path);
  });

  it('has a host and nothing else for a host', () => {
    for (const host of ['localhost', 'my-host.internal', '10.0.0.1', '::1', '[::1]'])
      assert.ok(isHost(host), host);
    for (const host of ['a/b', 'a:80', 'http://a', 'a b', '', 'a@b', ':::'])
      assert.ok(!isHost(host), host);
  });
});
