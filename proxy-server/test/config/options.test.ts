import assert from 'node:assert/strict';
import {
  DEFAULT_LIMITS,
  environmentName,
  flagName,
  LIMIT_NAMES,
  OPTION_NAMES,
  type OptionName,
  OPTIONS,
} from '../../src/config/index.ts';
import { accepted, refused, sources, withFile } from './sources.ts';

/** Lowest and highest value of each option that is a number: written down twice on purpose. */
const BOUNDS: Partial<Record<OptionName, readonly [number, number]>> = {
  port: [0, 65_535],
  maxTimeoutLongPoll: [1, 3600],
  maxTimeoutResponse: [1, 3600],
  buffer: [1, 1_000_000],
  agentWait: [0, 300],
  agentGrace: [1, 300],
  ackTimeout: [1, 60],
  maxHead: [4096, 131_072],
  maxFields: [16, 10_000],
  maxTarget: [256, 131_072],
  maxBody: [0, 1024 ** 4],
  maxInFlight: [1, 1_000_000],
  maxInFlightPerCode: [1, 1_000_000],
  headTimeout: [1, 300],
  bodyIdleTimeout: [1, 3600],
  writeIdleTimeout: [1, 3600],
  drainTimeout: [0, 3600],
  copyWait: [0, 300],
  maxHeld: [1024 ** 2, 1024 ** 4],
  copyBuffer: [0, 1024 ** 3],
  maxSlowPerCode: [1, 1_000_000],
  maxPipelined: [1, 1_000_000],
  maxSessions: [1, 1_000_000],
};

describe('the options of a proxy', () => {
  it('are named alike on the command line, in the environment and in a file', () => {
    assert.equal(flagName('maxTimeoutLongPoll'), '--max-timeout-long-poll');
    assert.equal(environmentName('maxTimeoutLongPoll'), 'CARONTE_MAX_TIMEOUT_LONG_POLL');
    assert.equal(flagName('publicUrl'), '--public-url');
    assert.equal(environmentName('secret'), 'CARONTE_SECRET');
  });

  it('include every limit', () => {
    assert.deepEqual([...LIMIT_NAMES].sort(), Object.keys(DEFAULT_LIMITS).sort());
  });

  it('are each explained in one sentence', () => {
    for (const name of OPTION_NAMES) assert.match(OPTIONS[name].help, /^[A-Z].*\.$/, name);
  });

  for (const [key, bounds] of Object.entries(BOUNDS)) {
    const name = key as OptionName;
    const [min, max] = bounds;
    const value = (raw: string) => {
      const { options } = accepted(sources({ [name]: raw }));
      return { ...options, ...options.limits }[name as 'port'];
    };

    it(`takes ${flagName(name)} from ${min} to ${max}`, () => {
      assert.deepEqual([value(String(min)), value(String(max))], [min, max]);
    });

    it(`refuses ${flagName(name)} beyond that, naming source, bounds and unit`, () => {
      const expected = `is not ${OPTIONS[name].expected}`;
      assert.match(
        expected,
        new RegExp(`^is not a whole number( of \\w+)? from ${min} to ${max}$`),
      );
      const variable = environmentName(name);
      assert.deepEqual(refused(sources({ [name]: String(min - 1) })), [
        `${flagName(name)}: ${min - 1} ${expected}`,
      ]);
      assert.deepEqual(refused(sources({}, { [variable]: String(max + 1) })), [
        `${variable}: ${max + 1} ${expected}`,
      ]);
      assert.deepEqual(refused(withFile({ [name]: max + 1 })), [
        `/etc/caronte.json, "${name}": ${max + 1} ${expected}`,
      ]);
    });
  }

  for (const text of ['', ' 80', '80 ', '0x50', '1e3', '80.5', '+80', 'NaN', '9'.repeat(400)]) {
    it(`do not take ${JSON.stringify(text.slice(0, 10))} for a number`, () => {
      const [problem, ...others] = refused(sources({ port: text }));
      assert.match(problem ?? '', /^--port: ".*("|…) is not a whole number from 0 to 65535$/);
      assert.deepEqual(others, []);
    });
  }

  it('refuse a format and a level that do not exist', () => {
    assert.deepEqual(refused(sources({ logFormat: 'xml', logLevel: 'loud' })), [
      '--log-format: "xml" is not one of pretty, json',
      '--log-level: "loud" is not one of silent, error, warn, info, debug',
    ]);
  });

  for (const [url, expected] of [
    ['https://tunnel.example.com', 'https://tunnel.example.com'],
    ['https://Tunnel.example.com/', 'https://tunnel.example.com'],
    ['http://example.com:81/below//', 'http://example.com:81/below'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ] as const) {
    it(`take ${url} as public URL`, () => {
      assert.equal(accepted(sources({ publicUrl: url })).options.publicUrl, expected);
    });
  }

  for (const url of [
    'tunnel.example.com',
    'ftp://example.com',
    'http://user:pass@example.com',
    'http://example.com/?a',
    'http://example.com/#a',
    'http://exam ple.com',
    '',
  ]) {
    it(`refuse "${url}" as public URL`, () => {
      assert.match(refused(sources({ publicUrl: url }))[0] ?? '', /is not an http or https URL/);
    });
  }

  for (const [domain, expected] of [
    ['example.dev', 'example.dev'],
    ['Tunnels.Example.DEV.', 'tunnels.example.dev'],
    ['localhost', 'localhost'],
    ['a'.repeat(60) + '.x'.repeat(64) + '.', 'a'.repeat(60) + '.x'.repeat(64)],
  ] as const) {
    it(`take ${domain} as domain`, () => {
      assert.equal(accepted(sources({ domain })).options.domain, expected);
    });
  }

  for (const domain of [
    '',
    '.',
    '.example.dev',
    '*.example.dev',
    'example.dev:80',
    'https://example.dev',
    'exam_ple.dev',
    '-example.dev',
    'example..dev',
    '192.0.2.1',
    '::1',
    'x'.repeat(64),
    'a'.repeat(62) + '.x'.repeat(64),
  ]) {
    it(`refuse "${domain}" as domain`, () => {
      assert.match(refused(sources({ domain }))[0] ?? '', /is not a domain name such as/);
    });
  }

  it('take trusted intermediaries from a text and from a list', () => {
    const items = ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32', '::1', 'loopback', 'private'];
    const text = accepted(sources({ trustProxy: items.join(' , ') })).options.trustProxy;
    assert.deepEqual(text, items);
    assert.deepEqual(accepted(withFile({ trustProxy: items })).options.trustProxy, items);
    assert.deepEqual(accepted(sources()).options.trustProxy, []);
  });

  for (const list of [
    '',
    ',',
    'localhost',
    '10.0.0.0/33',
    '::1/129',
    '10/8',
    '1.2.3.4/',
    'x, ::1',
  ]) {
    it(`refuse "${list}" as trusted intermediaries`, () => {
      assert.match(refused(sources({ trustProxy: list }))[0] ?? '', /is not a list, divided by/);
    });
  }

  for (const [host, expected] of [
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::'],
    ['[::1]', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
  ] as const) {
    it(`take ${host} as host`, () => {
      assert.equal(accepted(sources({ host })).options.host, expected);
    });
  }

  for (const host of ['', 'localhost:80', 'http://localhost', '[::1', 'a b', 'a\u001b[2J']) {
    it(`refuse ${JSON.stringify(host)} as host, and show it without control characters`, () => {
      const [problem = ''] = refused(sources({ host }));
      assert.match(problem, /^--host: ".*" is not a host name or an IP address/);
      assert.doesNotMatch(problem, /\p{Cc}/u);
    });
  }
});
