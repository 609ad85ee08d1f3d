import assert from 'node:assert/strict';
import {
  type NetworkOptions,
  networkFromEnvironment,
  networkProxyFor,
  readNetworkProxy,
} from '../../../src/agent/network.ts';

const BOTH = { httpProxy: 'http://plain:3128', httpsProxy: 'http://secure:3128' };

function through(url: string, network: NetworkOptions = BOTH): string | undefined {
  return networkProxyFor(new URL(url), network)?.host;
}

describe('the proxy of the network', () => {
  it('is chosen by the scheme of what is called', () => {
    assert.equal(through('http://example.com'), 'plain:3128');
    assert.equal(through('https://example.com'), 'secure:3128');
    assert.equal(through('https://example.com', { httpProxy: 'http://plain' }), undefined);
    assert.equal(through('http://example.com', {}), undefined);
  });

  it('is never used for what stays on this machine', () => {
    for (const host of ['localhost', 'app.localhost', '127.0.0.1', '127.1.2.3', '[::1]']) {
      assert.equal(through(`http://${host}:3000`), undefined, host);
    }
    assert.equal(through('http://127.0.0.1.example.com'), 'plain:3128');
  });

  const EXEMPT: readonly (readonly [noProxy: string, url: string, exempt: boolean])[] = [
    ['*', 'https://example.com', true],
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://a.b.example.com', true],
    ['example.com', 'https://notexample.com', false],
    ['.example.com', 'https://a.example.com', true],
    ['*.example.com', 'https://a.example.com', true],
    ['EXAMPLE.com', 'https://example.COM', true],
    ['other, example.com', 'https://example.com', true],
    ['other example.com', 'https://example.com', true],
    ['example.com:8443', 'https://example.com:8443', true],
    ['example.com:443', 'https://example.com', true],
    ['example.com:80', 'http://example.com', true],
    ['example.com:8443', 'https://example.com', false],
    ['10.1.2.3', 'http://10.1.2.3:99', true],
    ['10.1.2.3', 'http://10.1.2.30', false],
    ['10.0.0.0/8', 'http://10.255.0.1', true],
    ['10.0.0.0/8', 'http://11.0.0.1', false],
    ['10.0.0.0/8', 'http://ten.example.com', false],
    ['10.0.0.0/33', 'http://10.0.0.1', false],
    ['2001:db8::1', 'http://[2001:db8::1]:80', true],
    ['[2001:db8::1]:81', 'http://[2001:db8::1]:81', true],
    ['[2001:db8::1]:81', 'http://[2001:db8::1]', false],
    ['2001:db8::/32', 'http://[2001:db8:1::9]', true],
    ['', 'http://example.com', false],
    [', ,.', 'http://example.com', false],
  ];
  for (const [noProxy, url, exempt] of EXEMPT) {
    it(`is ${exempt ? 'passed by' : 'used'} for ${url} with NO_PROXY=${noProxy}`, () => {
      assert.equal(through(url, { ...BOTH, noProxy }) === undefined, exempt);
    });
  }

  it('comes from the environment, in lower case first, where empty is unset', () => {
    assert.deepEqual(
      networkFromEnvironment({
        HTTP_PROXY: 'upper',
        http_proxy: 'lower',
        https_proxy: '',
        HTTPS_PROXY: 'secure',
        NO_PROXY: 'a,b',
      }),
      { httpProxy: 'lower', httpsProxy: 'secure', noProxy: 'a,b' },
    );
    const { httpProxy, httpsProxy } = networkFromEnvironment({ ALL_PROXY: 'all', HTTP_PROXY: 'h' });
    assert.deepEqual([httpProxy, httpsProxy], ['h', 'all']);
  });

  it('may lack its scheme and have credentials, and nothing more', () => {
    assert.equal(readNetworkProxy('proxy.example:3128')?.href, 'http://proxy.example:3128/');
    assert.equal(readNetworkProxy('https://me:word@proxy')?.username, 'me');
    for (const wrong of ['', 'socks5://proxy', 'http://', 'http://proxy/path', 'http://proxy/?a']) {
      assert.equal(readNetworkProxy(wrong), undefined, wrong);
    }
  });
});
