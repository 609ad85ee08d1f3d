import assert from 'node:assert/strict';
import { DEFAULT_LIMITS, OPTION_NAMES, printConfig } from '../../src/config/index.ts';
import { accepted, refused, SECRET, sources, withFile } from './sources.ts';

describe('the configuration of a proxy', () => {
  it('has the documented defaults', () => {
    const { options, logFormat, logLevel, origins } = accepted(sources());
    assert.deepEqual(options, {
      secrets: [SECRET],
      host: '0.0.0.0',
      port: 8080,
      publicUrl: undefined,
      domain: undefined,
      trustProxy: [],
      tls: undefined,
      dataDir: undefined,
      limits: DEFAULT_LIMITS,
    });
    assert.deepEqual([logFormat, logLevel], ['json', 'info']);
    assert.deepEqual([origins.secret, origins.port], ['environment', 'default']);
  });

  it('logs for people on a terminal, unless told otherwise', () => {
    assert.equal(accepted({ ...sources(), terminal: true }).logFormat, 'pretty');
    const told = { ...sources({}, { CARONTE_LOG_FORMAT: 'json' }), terminal: true };
    assert.equal(accepted(told).logFormat, 'json');
  });

  it('prefers flag over environment over file over default', () => {
    const env = { CARONTE_PORT: '2', CARONTE_BUFFER: '2' };
    const file = { port: 3, buffer: 3, agentWait: 3 };
    const { options, origins } = accepted(withFile(file, { port: '1' }, env));
    assert.deepEqual(
      [options.port, options.limits.buffer, options.limits.agentWait, options.limits.agentGrace],
      [1, 2, 3, 5],
    );
    assert.deepEqual(
      [origins.port, origins.buffer, origins.agentWait, origins.agentGrace],
      ['flag', 'environment', 'file', 'default'],
    );
  });

  it('takes an empty variable for one that is not set', () => {
    assert.equal(accepted(withFile({ port: 3 }, {}, { CARONTE_PORT: '' })).options.port, 3);
  });

  it('finds the file through CARONTE_CONFIG', () => {
    const from = sources({}, { CARONTE_CONFIG: '/c.json' }, { '/c.json': '\uFEFF{"port": 9}' });
    assert.equal(accepted(from).options.port, 9);
  });

  it('does not judge a value that a better source replaces', () => {
    assert.equal(accepted(withFile({ port: 'x' }, { port: '1' })).options.port, 1);
  });

  it('tells all problems at once', () => {
    assert.equal(refused(withFile({ buffer: 0, portt: 1 }, { port: '-1' })).length, 3);
  });

  describe('from a file', () => {
    it('names an unknown key and the one that was meant', () => {
      assert.deepEqual(refused(withFile({ maxTimeoutRespons: 3 })), [
        '/etc/caronte.json: "maxTimeoutRespons" is not an option; "maxTimeoutResponse" was meant?',
      ]);
      const [flagStyle] = refused(withFile({ 'max-timeout-long-poll': 3 }));
      assert.match(flagStyle ?? '', /"maxTimeoutLongPoll" was meant\?$/);
    });

    it('names an unknown key that is near to none', () => {
      assert.deepEqual(refused(withFile({ colour: 'red' })), [
        '/etc/caronte.json: "colour" is not an option; see --help for those that are',
      ]);
    });

    it('takes no key from the prototype of objects', () => {
      const text = '{"__proto__": {"port": 1}, "constructor": 1}';
      const problems = refused(sources({ config: '/c' }, {}, { '/c': text }));
      assert.deepEqual(
        problems.map((problem) => problem.split(' is not')[0]),
        ['/c: "__proto__"', '/c: "constructor"'],
      );
    });

    it('wants numbers to be numbers', () => {
      assert.deepEqual(refused(withFile({ agentWait: '5' })), [
        '/etc/caronte.json, "agentWait": "5" is not a whole number of seconds from 0 to 300',
      ]);
    });

    for (const [what, text, problem] of [
      ['is missing', undefined, 'there is no such file'],
      ['is no JSON', '{\n "port": 80,\n}', 'is not valid JSON at line 3, column 1'],
      ['ends too soon', '{"port": 80', 'is not valid JSON at line 1, column 12'],
      ['is empty', '', 'is not valid JSON'],
      ['is a list', '[]', 'is not a JSON object'],
      ['is null', 'null', 'is not a JSON object'],
    ] as const) {
      it(`says so if it ${what}`, () => {
        const files = text === undefined ? {} : { '/c.json': text };
        assert.deepEqual(refused(sources({ config: '/c.json' }, {}, files)), [
          `/c.json: ${problem}`,
        ]);
      });
    }

    it('never shows what is in a file that is no JSON', () => {
      const files = { '/c.json': '{"secret": hunter22}' };
      assert.doesNotMatch(refused(sources({ config: '/c.json' }, {}, files)).join(), /hunter/);
    });
  });

  describe('warns of variables', () => {
    const messages = (env: Record<string, string>) =>
      accepted(sources({}, env)).warnings.map(({ message }) => message);

    it('that are almost those of an option', () => {
      assert.deepEqual(messages({ CARONTE_PROT: '1', CARONTE_MAXTIMEOUT_RESPONSES: '1' }), [
        '"CARONTE_PROT" in the environment is no option; CARONTE_PORT was meant?',
        '"CARONTE_MAXTIMEOUT_RESPONSES" in the environment is no option; CARONTE_MAX_TIMEOUT_RESPONSE was meant?',
      ]);
    });

    it('but not of those that are near to none, nor of the agent’s', () => {
      assert.deepEqual(messages({ CARONTE_CODE: 'x', CARONTE_FAIL_POINT: 'x', PORT: '1' }), []);
    });
  });

  describe('printed', () => {
    it('shows each option with its source, and no secret', () => {
      const printed = printConfig(
        accepted(sources({ port: '9000', secret: ['x'.repeat(16), SECRET] })),
      );
      const parsed = JSON.parse(printed) as Record<string, unknown>;
      assert.deepEqual(Object.keys(parsed), OPTION_NAMES);
      assert.deepEqual(parsed['port'], { value: 9000, from: 'flag' });
      assert.deepEqual(parsed['publicUrl'], { value: null, from: 'default' });
      assert.deepEqual(parsed['secret'], { value: ['(hidden)', '(hidden)'], from: 'flag' });
      assert.doesNotMatch(printed, /xxx|24 letters/);
    });
  });
});
