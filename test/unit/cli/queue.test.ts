import assert from 'node:assert/strict';
import { pauseQueue, resumeQueue } from '../../../src/cli/queue/pause.ts';
import {
  type DeliverFlags,
  deliverQueued,
  type DiscardFlags,
  discardQueued,
  readDeliverOptions,
  readDiscardOptions,
} from '../../../src/cli/queue/settle.ts';
import { readShowOptions, type ShowFlags, showQueued } from '../../../src/cli/queue/show.ts';
import { finished, start } from './program.ts';
import { run, Said } from './queue-output.ts';
import { NOW, queued, QueueServer } from './queue-server.ts';

// Hooks outside of a suite would be every suite's.
describe('a queue from the command line', () => {
  let server: QueueServer;
  let proxyUrl: string;

  beforeEach(async () => {
    server = new QueueServer();
    proxyUrl = await server.listen();
  });
  afterEach(() => server.close());

  describe('caronte queue show', () => {
    async function show(id: string, flags: ShowFlags = {}, said = new Said()) {
      return run(
        proxyUrl,
        (problems) => {
          const options = readShowOptions(id, flags, problems);
          return (context) => showQueued(context, options);
        },
        { said },
      );
    }

    it('shows one request with its fields', async () => {
      server.requests = [
        queued('0011', {
          target: '/hooks?a',
          attempts: 2,
          dueInSeconds: 90,
          reason: 'the target answered 500',
          receivedAt: NOW - 360_000,
          fields: [
            'webhook-signature',
            'v1,x',
            'Webhook-Timestamp',
            '1',
            'A',
            'caf\u00c3\u00a9\u001b',
          ],
        }),
      ];
      const { said, code } = await show('0011'.padEnd(32, '0'));
      assert.equal(code, 0);
      assert.deepEqual(said.lines, [
        `id        ${'0011'.padEnd(32, '0')}`,
        'state     waiting, due in 1 min',
        'received  20:09:30, 6 min ago, from 203.0.113.7',
        'size      1.8 KB',
        'attempts  2: the target answered 500',
        'warning   signature too old for Standard Webhooks: 5 min',
        '',
        'POST /hooks?a HTTP/1.1',
        'webhook-signature: v1,x',
        'Webhook-Timestamp: 1',
        'A: caf\\xc3\\xa9\\x1b',
      ]);
      assert.equal(server.asked.length, 1, 'a whole id is looked up nowhere');
    });

    it('says in few words where a request stands', async () => {
      server.requests = [
        queued('0000'),
        queued('1111', { state: 'delivering' }),
        queued('2222', { state: 'dead' }),
      ];
      const states = [];
      for (const id of ['0000', '1111', '2222']) states.push((await show(id)).said.lines[1]);
      assert.deepEqual(states, [
        'state     waiting',
        'state     being delivered',
        'state     given up',
      ]);
    });

    it('gives the body byte for byte, and nothing else', async () => {
      server.requests = [queued('0011')];
      server.body = '\u001b[2J\r\nany data';
      const { said } = await show('0011', { body: true });
      assert.deepEqual([said.lines, said.bytes], [[], server.body]);
    });

    it('makes a body harmless that goes to a terminal', async () => {
      server.requests = [queued('0011')];
      server.body = 'Größe\t\u001b[2J\nnext\r';
      const said = new Said();
      said.isTerminal = true;
      await show('0011', { body: true }, said);
      assert.equal(said.bytes, 'Größe\t\\u001b[2J\nnext\\u000d\n');
    });

    it('finds a request by the beginning of its id, on whatever page it is', async () => {
      server.requests = [
        queued('aaaa1'),
        queued('bbbb1'),
        queued('cccc1'),
        queued('aaaa2', { state: 'dead' }),
        queued('dddd1', { state: 'dead' }),
      ];
      server.pageLimit = 1;
      assert.match((await show('DDDD')).said.lines[0] ?? '', /dddd1/);
      const { said, code } = await show('aaaa');
      assert.equal(code, 1);
      assert.deepEqual(said.complaints, [
        `error: aaaa is the beginning of ${'aaaa1'.padEnd(32, '0')}, ${'aaaa2'.padEnd(32, '0')}: give more digits`,
      ]);
      const unknown = await show('eeee');
      assert.equal(unknown.code, 1);
      assert.match(unknown.said.complaints[0] ?? '', /holds no request whose id begins with eeee$/);
    });

    it('names only some of many', async () => {
      server.requests = Array.from({ length: 12 }, (_, at) => queued(`aaaa${at.toString(16)}`));
      assert.match(
        (await show('aaaa')).said.complaints[0] ?? '',
        /12 ids, such as (?:aaaa\w+(, )?){3}:/,
      );
    });

    it('refuses what is no id, with 2', async () => {
      for (const id of ['abc', 'x'.repeat(8), 'a'.repeat(33), '', '../a', '\u001b[2Jaa']) {
        const { said, code } = await show(id);
        assert.equal(code, 2);
        assert.match(said.complaints[0] ?? '', /is not an id, nor the beginning of one: 4 to 32/);
        assert.doesNotMatch(said.complaints[0] ?? '', /\p{Cc}/u);
      }
    });

    it('says that a request is not there any more', async () => {
      const { said, code } = await show('a'.repeat(32));
      assert.deepEqual([said.complaints, code], [['error: the queue holds no such request'], 1]);
    });
  });

  describe('caronte queue deliver', () => {
    const deliver = (ids: string[], flags: DeliverFlags = {}) =>
      run(proxyUrl, (problems) => {
        const chosen = readDeliverOptions(ids, flags, problems);
        return (context) => deliverQueued(context, chosen);
      });

    beforeEach(() => {
      server.requests = [queued('aaaa'), queued('bbbb', { state: 'dead' })];
    });

    it('takes requests by their ids or the beginnings of them, each once', async () => {
      const { said, code } = await deliver(['bbbb', 'aaaa'.padEnd(32, '0'), 'bbbb0']);
      assert.deepEqual([said.lines, code], [['delivering 2'], 0]);
      const ids = ['bbbb'.padEnd(32, '0'), 'aaaa'.padEnd(32, '0')];
      assert.equal(
        server.asked.at(-1),
        `POST /agent/queue/orders/deliver ${JSON.stringify({ ids })}`,
      );
    });

    it('takes all dead letters', async () => {
      assert.deepEqual((await deliver([], { all: true })).said.lines, ['delivering 1']);
      assert.deepEqual(server.asked, ['POST /agent/queue/orders/deliver {"all":"dead"}']);
    });

    it('does nothing at all if one id is wrong', async () => {
      const { code } = await deliver(['aaaa', 'eeee']);
      assert.equal(code, 1);
      assert.equal(
        server.asked.some((line) => line.startsWith('POST')),
        false,
      );
    });

    it('says how many are gone', async () => {
      const { said, code } = await deliver(['aaaa', 'e'.repeat(32)]);
      assert.deepEqual(said.lines, ['delivering 1']);
      assert.deepEqual(said.complaints, ['error: the queue does not hold 1 of them any more']);
      assert.equal(code, 1);
    });

    it('wants to know which, with 2', async () => {
      const { said, code } = await deliver([]);
      assert.match(
        said.complaints[0] ?? '',
        /^error: which requests\? .*--all for all dead letters$/,
      );
      assert.equal(code, 2);
      const both = await deliver(['aaaa'], { all: true });
      assert.deepEqual(both.said.complaints, ['error: ids and --all: give one of them, not both']);
    });
  });

  describe('caronte queue discard', () => {
    const discard = (ids: string[], flags: DiscardFlags = {}) =>
      run(proxyUrl, (problems) => {
        const chosen = readDiscardOptions(ids, flags, problems);
        return (context) => discardQueued(context, chosen);
      });

    beforeEach(() => {
      server.requests = [queued('aaaa'), queued('bbbb', { state: 'dead' })];
    });

    it('takes requests by their ids', async () => {
      assert.deepEqual((await discard(['aaaa'])).said.lines, ['discarded 1']);
    });

    it('takes whole lists of who means it', async () => {
      for (const flags of [{ allDead: true }, { allWaiting: true }] as const) {
        const { said, code } = await discard([], flags);
        assert.deepEqual(said.complaints, [
          'error: all of them would be gone for good: add --yes if you mean it',
        ]);
        assert.equal(code, 2);
        assert.deepEqual((await discard([], { ...flags, yes: true })).said.lines, ['discarded 1']);
      }
      const both = await discard([], { allDead: true, allWaiting: true, yes: true });
      assert.deepEqual(both.said.lines, ['discarded 2']);
    });

    it('wants to know which, with 2', async () => {
      const { said, code } = await discard([], { yes: true });
      assert.match(
        said.complaints[0] ?? '',
        /^error: which requests\? .*--all-dead or --all-waiting/,
      );
      assert.equal(code, 2);
    });
  });

  describe('caronte queue pause and resume', () => {
    it('say what becomes of what waits', async () => {
      assert.deepEqual((await run(proxyUrl, () => pauseQueue)).said.lines, [
        'paused: what comes will wait for caronte queue resume',
      ]);
      assert.deepEqual((await run(proxyUrl, () => resumeQueue)).said.lines, [
        'deliveries go on: nothing waits',
      ]);
      server.requests = [queued('aaaa')];
      assert.deepEqual((await run(proxyUrl, () => pauseQueue)).said.lines, [
        '1 webhook waits since 20:14:30, paused: caronte queue resume delivers it',
      ]);
      assert.deepEqual((await run(proxyUrl, () => resumeQueue)).said.lines, [
        'deliveries go on: 1 webhook waits since 20:14:30',
      ]);
    });
  });

  describe('a command of the queue', () => {
    for (const [status, code, expected] of [
      [501, 'queue_unavailable', ['error: the proxy keeps no queue: start it with --data-dir']],
      [401, 'unauthorized', ['error: secret refused', /^ {2}Give the agent the secret/]],
      [502, 'none of ours', [/^error: HTTP 502 that is not/, /^ {2}Check the proxy/]],
    ] as const) {
      it(`ends with 1 and a clear word for ${code}`, async () => {
        server.problem = { status, code };
        const { said, code: end } = await run(proxyUrl, () => pauseQueue);
        assert.equal(end, 1);
        assert.equal(said.complaints.length, expected.length);
        for (const [at, line] of expected.entries()) {
          if (typeof line === 'string') assert.equal(said.complaints[at], line);
          else assert.match(said.complaints[at] ?? '', line);
        }
      });
    }

    it('finds its tunnel as the agent does, and tells all problems at once, with 2', async () => {
      const flags = { code: 'a/b', proxyUrl: 'x', proxyCa: '/no', networkProxy: '::' };
      const { said, code } = await run(proxyUrl, () => pauseQueue, { flags });
      assert.deepEqual(
        said.complaints.map((line) => line.replace(/^error: (\S+).*$/, '$1')),
        ['--code:', '--proxy-url:', '--proxy-ca:', '--network-proxy'],
      );
      assert.equal(code, 2);
    });

    it('warns of a secret in the argument list', async () => {
      const { said, code } = await run(proxyUrl, () => resumeQueue, {
        flags: { secret: 'a secret of the tests' },
      });
      assert.match(said.complaints[0] ?? '', /^warning: other users of this machine/);
      assert.equal(code, 0);
    });

    it('is a program', async function () {
      this.timeout(20_000);
      server.requests = [queued('aaaa')];
      const args = ['--code', 'orders', '--proxy-url', proxyUrl];
      const env = { CARONTE_SECRET: 'a secret of the tests' };
      const [list, body, wrong, help] = await Promise.all([
        finished(start(['queue', 'list', ...args], env)),
        finished(start(['queue', 'show', 'aaaa', '--body', ...args], env)),
        finished(start(['queue', 'discard', ...args], env)),
        finished(start(['queue', 'deliver', '--help'], env)),
      ]);
      assert.match(list.out, /\naaaa0000 {2}.* POST {4}\/hooks/);
      assert.deepEqual([list.err, list.code], ['', 0]);
      assert.deepEqual([body.out, body.code], ['any data', 0]);
      assert.match(wrong.err, /^error: which requests\?/);
      assert.deepEqual([wrong.out, wrong.code], ['', 2]);
      assert.match(help.out, /--all .*dead letters[^]*--code[^]*--proxy-url/);
    });
  });
});
