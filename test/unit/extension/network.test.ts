import assert from 'node:assert/strict';
import { networkOf, readEditorNetwork } from '../../../src/extension/settings/network.ts';

const ENVIRONMENT = { httpProxy: 'http://a', httpsProxy: 'http://b', noProxy: 'c' };

function network(values: Record<string, unknown>): ReturnType<typeof networkOf> {
  return networkOf(
    readEditorNetwork((key) => values[key]),
    ENVIRONMENT,
  );
}

describe('the network of a tunnel in the editor', () => {
  it('is the environment’s where the editor says nothing', () => {
    assert.deepEqual(network({}), { ...ENVIRONMENT, strictTls: true });
    const empty = { proxy: '', noProxy: [], proxySupport: 'override', proxyStrictSSL: true };
    assert.deepEqual(network(empty), { ...ENVIRONMENT, strictTls: true });
  });

  it('is the editor’s where it says something', () => {
    const values = { proxy: ' http://p:3128 ', noProxy: ['d', 'e', 5], proxyStrictSSL: false };
    assert.deepEqual(network(values), {
      httpProxy: 'http://p:3128',
      httpsProxy: 'http://p:3128',
      noProxy: 'd,e',
      strictTls: false,
    });
    assert.equal(network({ proxy: 'http://p:3128' }).noProxy, 'c');
  });

  it('has no proxy where the editor lets extensions use none', () => {
    assert.deepEqual(network({ proxySupport: 'off', proxy: 'http://p:3128' }), {});
  });
});
