import assert from 'node:assert/strict';
import { sendsSecretInTheOpen } from '../../../src/agent/agent.ts';
import { ProxyAnswerError, proxyVerdict } from '../../../src/agent/proxy-error.ts';
import { errorCode } from '../../../src/agent/error-code.ts';
import { targetFailure } from '../../../src/agent/target-error.ts';

function coded(code: string, message = 'what happened'): Error {
  return Object.assign(new Error(message), { code });
}

describe('a failure of the target’s connection', () => {
  const FAILURES: readonly (readonly [
    code: string,
    failure: string,
    cause: string,
    unsent: boolean,
  ])[] = [
    ['ECONNREFUSED', 'target_unreachable', 'connection refused', true],
    ['ENOTFOUND', 'target_unreachable', 'host name not found', true],
    ['EAI_AGAIN', 'target_unreachable', 'host name could not be looked up', true],
    ['EHOSTUNREACH', 'target_unreachable', 'host unreachable', true],
    ['ENETUNREACH', 'target_unreachable', 'network unreachable', true],
    ['EADDRNOTAVAIL', 'target_unreachable', 'address not available', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'target_unreachable', 'no connection in time', true],
    ['UND_ERR_HEADERS_TIMEOUT', 'target_timeout', 'no answer in time', false],
    ['UND_ERR_BODY_TIMEOUT', 'target_timeout', 'no answer in time', false],
    ['UND_ERR_INVALID_ARG', 'agent_refused', 'what happened', false],
    ['UND_ERR_NOT_SUPPORTED', 'agent_refused', 'what happened', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'target_unreachable', 'TLS failed: what happened', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'target_unreachable', 'TLS failed: what happened', true],
    ['ENOENT', 'target_unreachable', 'there is no such socket', true],
    ['EACCES', 'target_unreachable', 'the socket may not be used by this user', true],
    ['CERT_HAS_EXPIRED', 'target_unreachable', 'TLS failed: what happened', true],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'target_unreachable', 'TLS failed: what happened', true],
    ['ECONNRESET', 'target_broke_off', 'what happened', false],
    ['UND_ERR_SOCKET', 'target_broke_off', 'what happened', false],
    ['EPIPE', 'target_broke_off', 'what happened', false],
    ['HPE_INVALID_CONSTANT', 'target_broke_off', 'what happened', false],
  ];
  for (const [code, failure, cause, unsent] of FAILURES) {
    it(`with ${code} is ${failure}${unsent ? ', and may be tried again' : ''}`, () => {
      const { advice: _, ...rest } = targetFailure(coded(code));
      assert.deepEqual(rest, { code: failure, cause, unsent });
    });
  }

  it('says what to do about TLS where that is known', () => {
    const advice = (code: string): string | undefined => targetFailure(coded(code)).advice;
    assert.match(advice('DEPTH_ZERO_SELF_SIGNED_CERT') ?? '', /--target-ca.*--target-insecure/);
    assert.match(advice('ERR_SSL_WRONG_VERSION_NUMBER') ?? '', /http:/);
    assert.equal(advice('CERT_HAS_EXPIRED'), undefined);
  });

  it('of OpenSSL is told in its few words', () => {
    const message = '800C22:error:0A00010B:SSL routines:wrong version:ssl3_record.c:350:\n';
    const error = Object.assign(coded('ERR_SSL_WRONG_VERSION_NUMBER', message), {
      reason: 'wrong version number',
    });
    assert.equal(targetFailure(error).cause, 'TLS failed: wrong version number');
    assert.equal(proxyVerdict(error).trouble.message, 'TLS failed: wrong version number');
  });

  it('without a code is never tried again', () => {
    for (const error of [new Error('x'), 'x', null, undefined, { code: 7 }]) {
      const { code, unsent } = targetFailure(error);
      assert.equal(code, 'target_broke_off');
      assert.equal(unsent, false);
    }
  });

  it('has the code that stands on the error, if it is text', () => {
    assert.equal(errorCode(coded('EPIPE')), 'EPIPE');
    assert.equal(errorCode({ code: 7 }), '');
    assert.equal(errorCode(undefined), '');
  });
});

describe('a failure between agent and proxy', () => {
  const FAILURES: readonly (readonly [code: string, trouble: string, message: string])[] = [
    ['ECONNREFUSED', 'proxy_unreachable', 'connection refused'],
    ['ENOTFOUND', 'proxy_unreachable', 'host name not found'],
    ['EAI_AGAIN', 'proxy_unreachable', 'host name could not be looked up'],
    ['ECONNRESET', 'proxy_unreachable', 'connection lost'],
    ['UND_ERR_SOCKET', 'proxy_unreachable', 'connection lost'],
    ['UND_ERR_CONNECT_TIMEOUT', 'proxy_unreachable', 'no connection in time'],
    ['CERT_HAS_EXPIRED', 'tls_failed', 'TLS failed: what happened'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed', 'TLS failed: what happened'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed', 'TLS failed: what happened'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_failed', 'TLS failed: what happened'],
    ['EWHATEVER', 'proxy_unreachable', 'what happened'],
  ];
  for (const [code, trouble, message] of FAILURES) {
    it(`with ${code} is ${trouble} and is tried again, with advice`, () => {
      const verdict = proxyVerdict(coded(code));
      assert.equal(verdict.trouble.code, trouble);
      assert.equal(verdict.trouble.message, message);
      assert.notEqual(verdict.trouble.advice ?? '', '');
      assert.equal(verdict.final, false);
    });
  }

  it('says something even of what says nothing', () => {
    assert.equal(proxyVerdict(undefined).trouble.message, 'unknown failure');
    assert.equal(proxyVerdict(new Error('')).trouble.message, 'unknown failure');
  });
});

describe('an answer of the proxy’s that was not asked for', () => {
  function answer(status: number, body: unknown, retryAfter?: string): ProxyAnswerError {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new ProxyAnswerError(status, Buffer.from(text), retryAfter);
  }

  const ANSWERS: readonly (readonly [number, string, string | undefined, string, boolean])[] = [
    [401, 'unauthorized', undefined, 'secret_refused', true],
    [409, 'code_in_use', undefined, 'code_in_use', true],
    [409, 'code_in_use', '5', 'code_in_use', false],
    [400, 'protocol_unsupported', undefined, 'protocol_unsupported', true],
    [503, 'draining', '2', 'proxy_draining', false],
    [501, 'queue_unavailable', undefined, 'queue_unavailable', true],
    [404, 'entry_unknown', undefined, 'entry_unknown', true],
    [400, 'malformed', undefined, 'refused_by_proxy', true],
    [503, 'busy', '5', 'refused_by_proxy', false],
    [404, 'session_unknown', undefined, 'refused_by_proxy', false],
    [404, 'not_found', undefined, 'refused_by_proxy', false],
  ];
  for (const [status, code, retryAfter, trouble, final] of ANSWERS) {
    const after = retryAfter === undefined ? '' : ' with Retry-After';
    it(`as ${code}${after} is ${trouble}, ${final ? 'for good' : 'for a while'}`, () => {
      const verdict = proxyVerdict(answer(status, { code, detail: 'why' }, retryAfter));
      assert.equal(verdict.trouble.code, trouble);
      assert.equal(verdict.final, final);
      assert.notEqual(verdict.trouble.message, '');
    });
  }

  it('says what to do where the proxy keeps no queue', () => {
    const { trouble } = proxyVerdict(answer(501, { code: 'queue_unavailable', detail: 'x' }));
    assert.match(trouble.advice ?? '', /--data-dir.*--offline queue/);
  });

  for (const [what, body] of [
    ['a page', '<html>Bad gateway</html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['an unknown code', { code: 'teapot', detail: 'x' }],
    ['a code that is a member of objects', { code: 'constructor' }],
    ['a code that is no text', { code: 1 }],
  ] as const) {
    it(`with ${what} in it is not a proxy’s, and is tried again`, () => {
      const error = answer(502, body);
      assert.equal(error.problem, undefined);
      const { trouble, final } = proxyVerdict(error);
      assert.equal(trouble.code, 'not_a_proxy');
      assert.match(trouble.message, /HTTP 502/);
      assert.equal(final, false);
    });
  }

  it('has a time to try again only if that is a number of seconds', () => {
    assert.equal(answer(503, {}, '7').retryAfter, 7);
    for (const odd of [undefined, '', '-1', '1.5', 'Wed, 21 Oct 2026 07:28:00 GMT']) {
      assert.equal(answer(503, {}, odd).retryAfter, undefined);
    }
  });
});

describe('the secret', () => {
  for (const [url, open] of [
    ['http://localhost:1', false],
    ['http://a.localhost', false],
    ['http://127.0.0.1:8080', false],
    ['http://127.9.9.9', false],
    ['http://[::1]:8080', false],
    ['http://LOCALHOST', false],
    ['https://proxy.example', false],
    ['https://192.0.2.1', false],
    ['http://proxy.example', true],
    ['http://192.0.2.1', true],
    ['http://10.0.0.1', true],
    ['http://localhost.example', true],
    ['http://notlocalhost', true],
    ['http://127.0.0.1.example', true],
    ['http://0.0.0.0', true],
    ['http://[2001:db8::1]', true],
  ] as const) {
    it(`${open ? 'travels in the open' : 'is safe on its way'} to ${url}`, () => {
      assert.equal(sendsSecretInTheOpen(url), open);
    });
  }
});
