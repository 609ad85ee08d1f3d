import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AgentOptions } from '../../../src/agent/index.ts';
import type { AgentFlags } from '../../../src/cli/agent/flags.ts';
import { readAgentConfig } from '../../../src/cli/agent/options.ts';

const CERTIFICATE = readFileSync(
  new URL('../../e2e/support/certificates-target/certificate.pem', import.meta.url),
  'utf8',
);
const FILES: Readonly<Record<string, string>> = {
  'ca.pem': CERTIFICATE,
  'empty.pem': '',
  'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
};

function read(flags: AgentFlags, env: Record<string, string> = {}): AgentOptions | string[] {
  const result = readAgentConfig({
    flags,
    env: { CARONTE_SECRET: 'a secret of 24 letters..', CARONTE_CODE: 'orders', ...env },
    read: (path) => {
      const text = FILES[path];
      return text === undefined
        ? { ok: false, problem: 'there is no such file' }
        : { ok: true, text };
    },
    installation: 'f'.repeat(32),
    version: '1',
  });
  return result.ok ? result.config.options : [...result.problems];
}

function accepted(flags: AgentFlags, env?: Record<string, string>): AgentOptions {
  const options = read(flags, env);
  assert(!Array.isArray(options), JSON.stringify(options));
  return options;
}

function problem(flags: AgentFlags, env?: Record<string, string>): string {
  const problems = read(flags, env);
  assert(Array.isArray(problems) && problems.length === 1, JSON.stringify(problems));
  return problems[0] ?? '';
}

describe('the target of an agent', () => {
  it('may be on another host, on IPv6, or speak TLS', () => {
    assert.equal(accepted({ target: 'http://[::1]:3000' }).target, 'http://[::1]:3000');
    assert.equal(accepted({ target: 'https://app.example' }).target, 'https://app.example');
    assert.equal(accepted({ target: 'http://10.0.0.1:3000/' }).target, 'http://10.0.0.1:3000');
  });

  it('may be a Unix socket with an absolute path', () => {
    assert.equal(accepted({ target: 'unix:/run/app.sock' }).target, 'unix:/run/app.sock');
    const longest = `unix:/${'x'.repeat(102)}`;
    assert.equal(accepted({ target: longest }).target, longest);
    assert.match(problem({ target: `${longest}x` }), /^--target: .* more than 103 bytes/);
    for (const target of ['unix:', 'unix:app.sock', 'unix:./app.sock', 'unix://run/app.sock']) {
      assert.match(
        problem({ target }),
        /^--target: .* absolute path, such as unix:\/run\/app.sock$/,
      );
    }
    assert.match(problem({ target: 'unix:/a', targetPort: '1' }), /^--target-port: .*none$/);
  });

  it('is trusted as far as was said', () => {
    const target = 'https://localhost:3000';
    assert.equal(accepted({ target }).targetTls, undefined);
    assert.equal(accepted({ target, targetCa: 'ca.pem' }).targetTls?.ca, CERTIFICATE);
    assert.equal(accepted({ target, targetInsecure: true }).targetTls?.insecure, true);
    assert.match(problem({ target, targetCa: 'none' }), /^--target-ca: none: there is no such/);
    for (const file of ['empty.pem', 'broken.pem']) {
      assert.match(problem({ target, targetCa: file }), /there is no certificate in PEM/);
    }
    assert.match(problem({ target, targetCa: 'ca.pem', targetInsecure: true }), /not both$/);
  });

  it('is not taken for safe by flags that do nothing', () => {
    assert.match(problem({ targetInsecure: true }), /^--target-insecure: the target is not https$/);
    const flags = { target: 'unix:/a', targetCa: 'ca.pem' };
    assert.match(problem(flags), /^--target-ca: the target is not https$/);
  });

  it('gets one of three kinds of Host', () => {
    for (const host of ['target', 'preserve', 'app.example', 'app.example:65535', '[::1]:3000']) {
      assert.equal(accepted({ hostHeader: host }).hostHeader, host);
    }
    for (const host of ['', 'a b', 'a/b', 'a:b', 'a:65536', 'a\r\nb', 'http://a', '::1']) {
      assert.match(problem({ hostHeader: host }), /^--host-header: ".*" is neither/);
    }
  });

  it('keeps its redirects unless told otherwise', () => {
    assert.equal(accepted({}).rewritePaths, undefined);
    assert.equal(accepted({ rewritePaths: true }).rewritePaths, true);
  });
});

describe('the network of an agent', () => {
  it('has no proxy unless something says so', () => {
    assert.equal(accepted({}, { NO_PROXY: '*' }).network, undefined);
  });

  it('comes from the environment', () => {
    const env = { HTTPS_PROXY: 'http://a:1', http_proxy: 'b:2', NO_PROXY: 'c' };
    assert.deepEqual(accepted({}, env).network, {
      httpsProxy: 'http://a:1',
      httpProxy: 'b:2',
      noProxy: 'c',
    });
  });

  it('comes from the flag before the environment, but for the exceptions', () => {
    const env = { HTTPS_PROXY: 'socks5://a', NO_PROXY: 'c' };
    const { network } = accepted({ networkProxy: 'http://p:3128' }, env);
    assert.deepEqual(network, {
      httpProxy: 'http://p:3128',
      httpsProxy: 'http://p:3128',
      noProxy: 'c',
    });
  });

  it('is refused by name and without its credentials where it cannot be used', () => {
    const far = { proxyUrl: 'https://p.example', target: 'http://t.example' };
    for (const wrong of ['socks5://me:sesame@proxy:1080', 'http://me:100%sesame@proxy:3128']) {
      for (const [name, text] of [
        ['--network-proxy', problem({ networkProxy: wrong })],
        ['https_proxy', problem(far, { https_proxy: wrong })],
        ['HTTP_PROXY', problem(far, { HTTP_PROXY: wrong })],
        ['ALL_PROXY', problem(far, { ALL_PROXY: wrong })],
      ] as const) {
        assert.ok(text.startsWith(`${name} is not the address of an HTTP proxy`), text);
        assert.ok(!text.includes('sesame'));
      }
    }
  });

  it('does not matter for what is reached directly, however it is given', () => {
    const env = { ALL_PROXY: 'socks5://proxy:1080' };
    for (const target of ['http://localhost:3000', 'unix:/run/app.sock']) accepted({ target }, env);
    const target = 'https://t.example';
    assert.match(problem({ target }, env), /^ALL_PROXY is not/);
    accepted({ target }, { ...env, NO_PROXY: 't.example' });
  });

  it('may have an authority of its own', () => {
    assert.equal(accepted({ proxyCa: 'ca.pem' }).proxyCa, CERTIFICATE);
    assert.match(problem({ proxyCa: 'empty.pem' }), /^--proxy-ca: empty.pem: /);
  });
});
