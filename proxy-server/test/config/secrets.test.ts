import assert from 'node:assert/strict';
import { MIN_SECRET } from '../../src/config/index.ts';
import { accepted, refused, SECRET, sources, withFile } from './sources.ts';

const NONE = { CARONTE_SECRET: '' };
const OLD = 'the old secret, long enough';

describe('the secret of a proxy', () => {
  it('must be given, in one of three ways', () => {
    const [problem = '', ...others] = refused(sources({}, NONE));
    for (const way of [
      'CARONTE_SECRET',
      '--secret-file',
      '--secret <',
      'openssl rand',
      'node -p',
    ]) {
      assert(problem.includes(way), way);
    }
    assert.deepEqual(others, []);
    assert(!problem.includes('\n'));
  });

  it('may be two on the command line, which is warned about', () => {
    const { options, warnings } = accepted(sources({ secret: [SECRET, OLD] }, NONE));
    assert.deepEqual(options.secrets, [SECRET, OLD]);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['secret_on_command_line'],
    );
  });

  it('may be two lines of a variable', () => {
    const { options, warnings } = accepted(sources({}, { CARONTE_SECRET: `${SECRET}\n${OLD}\n` }));
    assert.deepEqual(options.secrets, [SECRET, OLD]);
    assert.deepEqual(warnings, []);
  });

  it('may be two lines of a file, whatever ends them', () => {
    const files = { '/s': `\uFEFF${SECRET}\r\n\r\n  ${OLD}  ` };
    const { options, warnings, origins } = accepted(sources({ secretFile: '/s' }, NONE, files));
    assert.deepEqual(options.secrets, [SECRET, OLD]);
    assert.deepEqual(warnings, []);
    assert.deepEqual([origins.secretFile, origins.secret], ['flag', 'default']);
  });

  it('may be text or a list in the configuration file', () => {
    assert.deepEqual(accepted(withFile({ secret: OLD }, {}, NONE)).options.secrets, [OLD]);
    const two = accepted(withFile({ secret: [OLD, SECRET] }, {}, NONE));
    assert.deepEqual(two.options.secrets, [OLD, SECRET]);
  });

  it('given twice is one', () => {
    assert.deepEqual(accepted(sources({ secret: [OLD, OLD] })).options.secrets, [OLD]);
  });

  it('cannot be three', () => {
    const files = { '/s': 'first secret\nsecond secret\nthird secret' };
    assert.deepEqual(refused(sources({ secretFile: '/s' }, NONE, files)), [
      'secret file /s: 3 secrets; at most 2 are valid at once',
    ]);
  });

  it('comes from the better source, be it a file or not', () => {
    const files = { '/s': OLD };
    assert.deepEqual(accepted(sources({ secretFile: '/s' }, {}, files)).options.secrets, [OLD]);
    const byFlag = sources({ secret: [SECRET] }, { CARONTE_SECRET_FILE: '/s' }, files);
    assert.deepEqual(accepted(byFlag).options.secrets, [SECRET]);
  });

  it('cannot come from a flag and a file of the same source', () => {
    assert.deepEqual(refused(sources({}, { CARONTE_SECRET_FILE: '/s' }, { '/s': OLD })), [
      'CARONTE_SECRET and CARONTE_SECRET_FILE: give one of them, not both',
    ]);
  });

  it('is looked for beside the configuration file that names its file', () => {
    const config = JSON.stringify({ secretFile: 'secrets/one' });
    const files = { '/etc/c.json': config, '/etc/secrets/one': OLD };
    assert.deepEqual(accepted(sources({ config: '/etc/c.json' }, NONE, files)).options.secrets, [
      OLD,
    ]);
  });

  it('file must be there and hold something', () => {
    assert.deepEqual(refused(sources({ secretFile: '/s' }, NONE)), [
      'secret file /s: there is no such file',
    ]);
    assert.deepEqual(refused(sources({ secretFile: '/s' }, NONE, { '/s': ' \n\n' })), [
      'secret file /s: holds no secret',
    ]);
  });

  it(`must have ${MIN_SECRET} characters`, () => {
    assert.deepEqual(refused(sources({}, { CARONTE_SECRET: '12345' })), [
      'CARONTE_SECRET: the secret is shorter than 6 characters',
    ]);
    assert.deepEqual(accepted(sources({}, { CARONTE_SECRET: '123456' })).options.secrets, [
      '123456',
    ]);
  });

  it('should have 16 characters', () => {
    const codes = (secret: string) =>
      accepted(sources({}, { CARONTE_SECRET: secret })).warnings.map(({ code }) => code);
    assert.deepEqual(codes('x'.repeat(15)), ['secret_short']);
    assert.deepEqual(codes('x'.repeat(16)), []);
  });

  it('must fit into a header field', () => {
    assert.match(
      refused(sources({ secret: ['clé-secrète'] }))[0] ?? '',
      /other than printable ASCII/,
    );
    assert.match(
      refused(sources({ secret: [' spaces '] }))[0] ?? '',
      /starts or ends with a blank/,
    );
    assert.match(refused(sources({ secret: ['x'.repeat(1025)] }))[0] ?? '', /longer than 1024/);
    assert.equal(
      accepted(sources({ secret: ['x'.repeat(1024)] })).options.secrets[0]?.length,
      1024,
    );
  });

  it('is in no problem and in no warning', () => {
    const shown = [
      ...refused(sources({ secret: ['hunté'] })),
      ...refused(withFile({ secret: { hunt: 1 } }, {}, NONE)),
      ...accepted(sources({ secret: ['hunter22'] })).warnings.map(({ message }) => message),
    ].join('\n');
    assert.doesNotMatch(shown, /hunt/);
    assert.equal(shown.split('\n').length, 4);
  });
});
