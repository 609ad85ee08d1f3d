import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { printConfig } from '../../src/config/index.ts';
import { FIRST, SECOND } from '../support/certificates.ts';
import { accepted, refused, sources } from './sources.ts';

const FLAGS = { tlsCert: '/c.pem', tlsKey: '/k.pem' };

const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
});

/** With these texts as certificate and key. */
function pair(cert: string | undefined, key: string | undefined) {
  const files = {
    ...(cert === undefined ? {} : { '/c.pem': cert }),
    ...(key === undefined ? {} : { '/k.pem': key }),
  };
  return sources(FLAGS, {}, files);
}

describe('the certificate of a proxy', () => {
  it('is read with its key', () => {
    const { options, tlsCert, tlsKey } = accepted(pair(FIRST.cert, FIRST.key));
    assert.deepEqual(options.tls, { cert: FIRST.cert, key: FIRST.key });
    assert.deepEqual({ tlsCert, tlsKey }, FLAGS);
  });

  it('may have others behind it', () => {
    const chain = `${FIRST.cert}${SECOND.cert}`;
    assert.equal(accepted(pair(chain, FIRST.key)).options.tls?.cert, chain);
  });

  it('may come from several sources; a path in a file counts from that file', () => {
    const files = {
      '/etc/c.json': '{"tlsCert": "tls/c.pem"}',
      '/etc/tls/c.pem': FIRST.cert,
      '/k.pem': FIRST.key,
    };
    const from = sources({ config: '/etc/c.json' }, { CARONTE_TLS_KEY: '/k.pem' }, files);
    assert.equal(accepted(from).options.tls?.cert, FIRST.cert);
  });

  it('is printed as the path that was given, and its key too', () => {
    const printed = printConfig(accepted(pair(FIRST.cert, FIRST.key)));
    const parsed = JSON.parse(printed) as Record<string, unknown>;
    assert.deepEqual(parsed['tlsCert'], { value: '/c.pem', from: 'flag' });
    assert.deepEqual(parsed['tlsKey'], { value: '/k.pem', from: 'flag' });
    assert.doesNotMatch(printed, /BEGIN/);
  });

  it('is not taken without its key, nor the key without it', () => {
    assert.deepEqual(refused(sources({ tlsCert: '/c.pem' })), [
      '--tls-cert: TLS wants certificate and key: give --tls-key too',
    ]);
    assert.deepEqual(refused(sources({}, { CARONTE_TLS_KEY: '/k.pem' })), [
      'CARONTE_TLS_KEY: TLS wants certificate and key: give --tls-cert too',
    ]);
  });

  const PROBLEMS: readonly (readonly [
    what: string,
    cert: string | undefined,
    key: string | undefined,
    problems: readonly string[],
  ])[] = [
    [
      'either file is missing',
      undefined,
      undefined,
      ['--tls-cert: /c.pem: there is no such file', '--tls-key: /k.pem: there is no such file'],
    ],
    ['it is none', 'x', FIRST.key, ['/c.pem: holds no certificate in PEM form']],
    ['it is a key', FIRST.key, FIRST.key, ['/c.pem: holds no certificate in PEM form']],
    [
      'the key is none',
      FIRST.cert,
      FIRST.cert,
      ['/k.pem: holds no private key in PEM form that can be read without a passphrase'],
    ],
    [
      'the key wants a passphrase',
      FIRST.cert,
      String(encrypted),
      ['/k.pem: holds no private key in PEM form that can be read without a passphrase'],
    ],
    [
      'the key is another one’s',
      FIRST.cert,
      SECOND.key,
      [
        "/k.pem: is not the key of the certificate in /c.pem; the server's own comes first there, then the intermediate ones",
      ],
    ],
  ];
  for (const [what, cert, key, problems] of PROBLEMS) {
    it(`is refused if ${what}`, () => assert.deepEqual(refused(pair(cert, key)), problems));
  }

  it('is refused if what follows it is broken', () => {
    const broken = `${FIRST.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
    assert.match(refused(pair(broken, FIRST.key))[0] ?? '', /^\/c\.pem: cannot be used: /);
  });
});
