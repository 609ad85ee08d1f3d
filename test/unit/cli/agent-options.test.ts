import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import type { AgentFlags } from '../../../src/cli/agent/flags.ts';
import {
  type AgentConfig,
  type AgentSources,
  readAgentConfig,
} from '../../../src/cli/agent/options.ts';

const SECRET = 'a secret of 24 letters..';

function sources(flags: AgentFlags = {}, over: Partial<AgentSources> = {}): AgentSources {
  return {
    flags,
    env: { CARONTE_SECRET: SECRET, CARONTE_CODE: 'orders' },
    read: () => ({ ok: false, problem: 'there is no such file' }),
    installation: 'f'.repeat(32),
    version: '1.2.3',
    ...over,
  };
}

function accepted(flags: AgentFlags = {}, over: Partial<AgentSources> = {}): AgentConfig {
  const result = readAgentConfig(sources(flags, over));
  assert(result.ok, result.ok ? '' : result.problems.join('\n'));
  return result.config;
}

function refused(flags: AgentFlags, over: Partial<AgentSources> = {}): readonly string[] {
  const result = readAgentConfig(sources(flags, over));
  assert(!result.ok, 'expected problems');
  return result.problems;
}

describe('the options of an agent', () => {
  it('have the documented defaults', () => {
    const { options, logFormat, warnings } = accepted();
    assert.deepEqual(options, {
      installation: 'f'.repeat(32),
      proxyUrl: 'http://localhost:8080',
      secret: SECRET,
      code: 'orders',
      target: 'http://localhost:8080',
      sendReply: false,
      maxAttempts: 5,
      targetTimeoutMs: 120_000,
      pollTimeoutMs: 60_000,
      share: 'exclusive',
      takeover: false,
      software: 'caronte-cli/1.2.3',
    });
    assert.deepEqual([logFormat, warnings], ['pretty', []]);
  });

  it('are all taken', () => {
    const { options, logFormat } = accepted({
      code: 'EXAMPLE_TARGET',
      proxyProtocol: 'https',
      proxyHost: 'proxy.example',
      proxyPort: '8443',
      targetHost: '::1',
      targetPort: '5000',
      targetMaxAttempts: '7',
      timeout: '1.5',
      targetTimeout: '0.25',
      sendReply: true,
      takeover: true,
      share: 'balance',
      logFormat: 'json',
    });
    assert.equal(options.code, 'EXAMPLE_TARGET');
    assert.equal(options.proxyUrl, 'https://proxy.example:8443');
    assert.equal(options.target, 'http://[::1]:5000');
    assert.deepEqual(
      [options.maxAttempts, options.pollTimeoutMs, options.targetTimeoutMs],
      [7, 1500, 250],
    );
    assert.deepEqual([options.sendReply, options.takeover, logFormat], [true, true, 'json']);
    assert.equal(options.share, 'balance');
  });

  it('must include code and secret, and are all judged at once', () => {
    const problems = refused({ timeout: '0' }, { env: { CARONTE_SECRET: '', CARONTE_CODE: '' } });
    assert.equal(problems.length, 3);
    assert.match(problems[0] ?? '', /^no secret: .*CARONTE_SECRET.*--secret-file.*--secret </);
    assert.match(problems[1] ?? '', /^no code: .*--code.*CARONTE_CODE/);
  });

  it('prefer a flag to the environment', () => {
    assert.equal(accepted({ code: 'other' }).options.code, 'other');
  });

  for (const code of ['', 'a/b', '-a', 'a-', 'a b', 'a'.repeat(64), 'é', 'a\u001b']) {
    it(`refuse ${JSON.stringify(code.slice(0, 10))} as code`, () => {
      const [problem = '', ...others] = refused({ code });
      assert.match(problem, /^--code: ".*" is not 1 to 63 letters/);
      assert.deepEqual(others, []);
      assert.doesNotMatch(problem, /\p{Cc}/u);
    });
  }

  it('name the variable that gave a wrong code', () => {
    const env = { CARONTE_SECRET: SECRET, CARONTE_CODE: 'a/b' };
    assert.match(refused({}, { env })[0] ?? '', /^CARONTE_CODE: "a\/b" is not 1 to 63 letters/);
  });

  for (const [name, flag, low, min, max, high] of [
    ['timeout', '--timeout', '1.19', '1.2', '3600', '3600.1'],
    ['targetTimeout', '--target-timeout', '0.09', '0.1', '3600', '3601'],
    ['minWait', '--min-wait', '0', '1', '3600', '3601'],
    ['targetMaxAttempts', '--target-max-attempts', '0', '1', '100', '101'],
    ['parallel', '--parallel', '0', '1', '1024', '1025'],
    ['deliveriesPerSecond', '--deliveries-per-second', '0.5', '0', '1000000', '1000001'],
    ['dedupe', '--dedupe', '1.5', '0', '604800', '604801'],
  ] as const) {
    it(`take ${flag} from ${min} to ${max} and nothing else`, () => {
      accepted({ [name]: min });
      accepted({ [name]: max });
      for (const wrong of [low, high, '', '-1', '1e2', 'x', '0x10', 'NaN', ' 5']) {
        const [problem = ''] = refused({ [name]: wrong });
        assert(problem.startsWith(`${flag}: "${wrong}" is not a `), problem);
        assert(problem.endsWith(`from ${min} to ${max}`), problem);
      }
    });
  }

  it('do not take a fraction of an attempt', () => {
    assert.equal(refused({ targetMaxAttempts: '1.5' }).length, 1);
  });

  it('know two formats of lines', () => {
    assert.deepEqual(refused({ share: 'all' }), [
      '--share: "all" is neither exclusive, balance nor broadcast',
    ]);
    assert.deepEqual(refused({ logFormat: 'xml' }), [
      '--log-format: "xml" is neither pretty nor json',
    ]);
  });

  describe('of the queue', () => {
    it('are left to the defaults unless they are given', () => {
      const { options } = accepted();
      assert.deepEqual([options.offline, options.queue], [undefined, undefined]);
    });

    it('are all taken', () => {
      const { options, warnings } = accepted({
        offline: 'queue',
        queueMethods: 'post, Put,POST',
        parallel: '4',
        deliveriesPerSecond: '50',
        onRefused: 'dead',
        dedupe: '3600',
        review: true,
        sendReply: true,
      });
      assert.equal(options.offline, 'queue');
      assert.deepEqual(options.queue, {
        methods: ['POST', 'PUT'],
        parallel: 4,
        perSecond: 50,
        refused: 'dead',
        dedupeSeconds: 3600,
        paused: true,
      });
      assert.deepEqual(warnings, []);
    });

    it('may come from the environment where a tunnel is not to refuse', () => {
      const env = { CARONTE_SECRET: SECRET, CARONTE_CODE: 'orders', CARONTE_OFFLINE: 'queue' };
      assert.equal(accepted({}, { env }).options.offline, 'queue');
      assert.equal(accepted({ offline: 'refuse' }, { env }).options.offline, 'refuse');
      assert.deepEqual(refused({}, { env: { ...env, CARONTE_OFFLINE: 'x' } }), [
        'CARONTE_OFFLINE: "x" is neither refuse nor queue',
      ]);
    });

    it('know their words', () => {
      assert.deepEqual(refused({ offline: 'keep', onRefused: 'drop' }), [
        '--offline: "keep" is neither refuse nor queue',
        '--on-refused: "drop" is neither settle, dead nor retry',
      ]);
    });

    it('take up to 32 methods that can pass through a tunnel', () => {
      const pass = METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE');
      accepted({ queueMethods: pass.slice(0, 32).join() });
      for (const queueMethods of [
        '',
        'POST,',
        'PSOT',
        'CONNECT',
        'TRACE',
        'PO\u001bST',
        pass.join(),
      ]) {
        const [problem = ''] = refused({ queueMethods });
        assert.match(problem, /^--queue-methods: ".*" is not a list such as POST,PUT/);
        assert.doesNotMatch(problem, /\p{Cc}/u);
      }
    });

    it('are warned about where nothing is queued', () => {
      const codes = (flags: AgentFlags) => accepted(flags).warnings.map(({ code }) => code);
      assert.deepEqual(codes({ sendReply: true, parallel: '4' }), ['queue_flags_unused']);
      assert.deepEqual(codes({ sendReply: true, offline: 'refuse', review: true }), [
        'queue_flags_unused',
      ]);
      assert.deepEqual(codes({ parallel: '4' }), []);
      assert.deepEqual(codes({ sendReply: true, offline: 'refuse' }), []);
    });
  });

  describe('of the secret', () => {
    const env = { CARONTE_CODE: 'orders' };
    const file = (text: string) => ({ env, read: () => ({ ok: true, text }) as const });

    it('are warned about on the command line', () => {
      const { options, warnings } = accepted({ secret: 'hunter22' });
      assert.equal(options.secret, 'hunter22');
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['secret_on_command_line'],
      );
    });

    it('may be a file, whose first line counts', () => {
      assert.equal(
        accepted({ secretFile: '/s' }, file(`\n ${SECRET}\r\nold one\n`)).options.secret,
        SECRET,
      );
      const byVariable = { ...file(SECRET), env: { ...env, CARONTE_SECRET_FILE: '/s' } };
      assert.equal(accepted({}, byVariable).options.secret, SECRET);
    });

    it('may be two lines of a variable, of which the first counts', () => {
      const two = { env: { ...env, CARONTE_SECRET: `${SECRET}\nold one` } };
      assert.equal(accepted({}, two).options.secret, SECRET);
    });

    it('must be one only', () => {
      assert.deepEqual(refused({ secret: SECRET, secretFile: '/s' }), [
        '--secret and --secret-file: give one of them, not both',
      ]);
      assert.deepEqual(
        refused({}, { env: { ...env, CARONTE_SECRET: SECRET, CARONTE_SECRET_FILE: '/s' } }),
        ['CARONTE_SECRET and CARONTE_SECRET_FILE: give one of them, not both'],
      );
    });

    it('must be readable and long enough, and are never shown', () => {
      assert.deepEqual(refused({ secretFile: '/s' }), ['secret file /s: there is no such file']);
      assert.deepEqual(refused({ secretFile: '/s' }, file('\n')), [
        'secret file /s: the secret is missing',
      ]);
      assert.deepEqual(refused({ secret: 'hunt' }), [
        '--secret: the secret is shorter than 6 characters',
      ]);
    });
  });
});

describe('the address of a proxy or target', () => {
  const proxy = (flags: AgentFlags) => accepted(flags).options.proxyUrl;

  it('may be given as a whole, with a path for a proxy below one', () => {
    assert.equal(proxy({ proxyUrl: 'https://Example.com/below/' }), 'https://example.com/below');
    assert.equal(accepted({ target: 'https://[::1]:3000/' }).options.target, 'https://[::1]:3000');
  });

  it('may be given as a whole and in parts that say the same', () => {
    const proxyUrl = 'https://example.com/below';
    const parts = { proxyProtocol: 'HTTPS:', proxyHost: 'EXAMPLE.com', proxyPort: '0443' };
    assert.equal(proxy({ proxyUrl, ...parts }), proxyUrl);
    assert.equal(
      accepted({ target: 'http://[::1]', targetHost: '0:0::1', targetPort: '80' }).options.target,
      'http://[::1]',
    );
  });

  it('is refused if parts say something else', () => {
    const proxyUrl = 'https://example.com';
    assert.deepEqual(
      refused({ proxyUrl, proxyProtocol: 'http', proxyHost: 'a', proxyPort: '80' }),
      [
        '--proxy-protocol http contradicts --proxy-url https://example.com/: give one of them',
        '--proxy-host a contradicts --proxy-url https://example.com/: give one of them',
        '--proxy-port 80 contradicts --proxy-url https://example.com/: give one of them',
      ],
    );
  });

  for (const url of [
    'localhost:8080',
    'ws://a',
    'http://u:p@a',
    'http://a?b',
    'http://a#b',
    '',
    'x',
  ]) {
    it(`is refused if it is "${url}"`, () => {
      assert.match(
        refused({ proxyUrl: url })[0] ?? '',
        /^--proxy-url: ".*" is not an http or https/,
      );
      assert.match(refused({ target: url })[0] ?? '', /^--target: ".*" is not an http or https/);
    });
  }

  it('is not shown with its credentials', () => {
    for (const url of [
      'http://user:word@a',
      'user:word@a',
      'http://user:w@rd@a:b@c',
      '//user:word@a',
      'http://user:wo/rd@a',
    ]) {
      const [problem = ''] = refused({ target: url });
      assert.match(problem, /^--target: ".*…@.*" is not an http/);
      assert.doesNotMatch(problem, /user|wo|rd|b@/);
    }
  });

  it('has no path if it is a target’s', () => {
    assert.match(refused({ target: 'http://localhost/api' })[0] ?? '', /has a path/);
  });

  it('is refused for each part that is wrong', () => {
    const flags = { targetProtocol: 'ftp', targetHost: 'a:80', targetPort: '0' };
    assert.deepEqual(refused(flags), [
      '--target-protocol: "ftp" is neither http nor https',
      '--target-host: "a:80" is not a host name or an IP address, without port',
      '--target-port: "0" is not a whole number from 1 to 65535',
    ]);
  });

  it('has a port from 1 to 65535', () => {
    assert.equal(proxy({ proxyPort: '1' }), 'http://localhost:1');
    assert.equal(proxy({ proxyPort: '65535' }), 'http://localhost:65535');
    for (const proxyPort of ['0', '65536', '-1', '80.5', '']) refused({ proxyPort });
  });
});
