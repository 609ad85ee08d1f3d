import assert from 'node:assert/strict';
import { type ListFlags, listQueue, readListOptions } from '../../../src/cli/queue/list.ts';
import { run, Said } from './queue-output.ts';
import { NOW, queued, QueueServer } from './queue-server.ts';

const STRIPE = ['Stripe-Signature', 't=1,v1=2'];

describe('caronte queue list', () => {
  let server: QueueServer;
  let proxyUrl: string;

  beforeEach(async () => {
    server = new QueueServer();
    proxyUrl = await server.listen();
  });
  afterEach(() => server.close());

  async function list(flags: ListFlags = {}, said = new Said()) {
    const read = (problems: string[]) => {
      const options = readListOptions(flags, problems);
      return (context: Parameters<typeof listQueue>[0]) => listQueue(context, options);
    };
    return run(proxyUrl, read, { said });
  }

  it('shows what waits before what was given up, as a table', async () => {
    server.requests = [
      queued('dead', {
        state: 'dead',
        attempts: 16,
        reason: 'the target answered 500',
        receivedAt: NOW - 3 * 86_400_000,
      }),
      queued('0011', { attempts: 2, dueInSeconds: 14, reason: 'the target answered 500' }),
      queued('0022', { state: 'delivering', method: 'PUT', target: '/a?token=x', size: 12 }),
      queued('0033', { dueInSeconds: 0 }),
    ];
    const { said, code } = await list();
    assert.equal(code, 0);
    assert.deepEqual(said.lines, [
      '3 webhooks wait since 20:14:30',
      '1 was given up: caronte queue deliver --all delivers it again',
      'ID        AGE    METHOD  PATH    SIZE    ATTEMPTS  DUE       REASON',
      '00110000  1 min  POST    /hooks  1.8 KB  2         in 14 s   the target answered 500',
      '00220000  1 min  PUT     /a?…    12 B    0         now',
      '00330000  1 min  POST    /hooks  1.8 KB  0',
      'dead0000  3 d    POST    /hooks  1.8 KB  16        given up  the target answered 500',
    ]);
  });

  it('says that there is nothing, and whether what comes will wait', async () => {
    assert.deepEqual((await list()).said.lines, ['the queue is empty']);
    server.paused = true;
    assert.match((await list()).said.lines[0] ?? '', /^nothing waits, .*caronte queue resume$/);
    server.paused = false;
    server.requests = [queued('1', { state: 'dead' }), queued('2', { state: 'dead' })];
    assert.deepEqual((await list({ state: 'waiting' })).said.lines, [
      'nothing waits',
      '2 were given up: caronte queue deliver --all delivers them again',
    ]);
  });

  it('asks for one list where only that is wanted', async () => {
    await list({ state: 'dead' });
    assert.deepEqual(server.asked, ['GET /agent/queue/orders?state=dead&limit=51']);
  });

  it('takes as many pages as it needs, and says that there are more', async () => {
    server.requests = Array.from({ length: 7 }, (_, at) => queued(`${at}`));
    server.pageLimit = 2;
    const { said } = await list({ limit: '5' });
    assert.equal(said.lines.length, 1 + 1 + 5 + 1);
    assert.match(said.lines.at(-1) ?? '', /more: --limit/);
    assert.equal(server.asked.length, 3);
    assert.doesNotMatch((await list({ limit: '7' })).said.lines.at(-1) ?? '', /more/);
  });

  it('marks those whose signature is too old by now', async () => {
    server.requests = [
      queued('0', { fields: STRIPE, receivedAt: NOW - 300_001, reason: 'the target answered 400' }),
      queued('1', { fields: STRIPE, receivedAt: NOW - 300_000 }),
      queued('2', { receivedAt: NOW - 300_001 }),
    ];
    const { said } = await list();
    const reasons = said.lines.slice(2).map((line) => line.replace(/^.* {2}0 */, ''));
    assert.deepEqual(reasons, [
      'the target answered 400; signature too old for Stripe: 5 min',
      '',
      '',
    ]);
    assert.equal(server.asked.filter((line) => !line.includes('?')).length, 2);
  });

  it('is one JSON object a line where that is wanted', async () => {
    server.requests = [
      queued('0', { fields: STRIPE, receivedAt: NOW - 400_000, target: '/a\u009b?token=x' }),
      queued('1', { state: 'dead', attempts: 1, dueInSeconds: 3, reason: 'x' }),
    ];
    const { said } = await list({ json: true });
    assert.doesNotMatch(said.lines.join(''), /\p{Cc}/u);
    const common = { method: 'POST', size: 1832 };
    assert.deepEqual(
      said.lines.map((line) => JSON.parse(line) as unknown),
      [
        {
          ...common,
          id: '0'.repeat(32),
          state: 'waiting',
          path: '/a\u009b',
          receivedAt: '2026-11-22T20:08:50.000Z',
          attempts: 0,
          dueInSeconds: null,
          reason: null,
          signatureTooOldFor: 'Stripe',
        },
        {
          ...common,
          id: `1${'0'.repeat(31)}`,
          state: 'dead',
          path: '/hooks',
          receivedAt: '2026-11-22T20:14:30.000Z',
          attempts: 1,
          dueInSeconds: 3,
          reason: 'x',
          signatureTooOldFor: null,
        },
      ],
    );
  });

  it('shortens paths to the terminal, and lets nothing act on it', async () => {
    server.requests = [
      queued('0', { target: `/${'a'.repeat(500)}`, reason: 'x'.repeat(20) }),
      queued('1', { method: 'P\u001b[2J', target: '/\u009b\r\n', reason: '\u001b]0;x\u0007' }),
    ];
    const said = new Said();
    said.columns = 100;
    await list({}, said);
    assert.doesNotMatch(said.lines.join(''), /\p{Cc}/u);
    assert.equal(said.lines[2]?.length, 100);
    assert.match(said.lines[2] ?? '', /\/a+…a+ /);
  });

  it('refuses a wrong list or limit, with 2', async () => {
    for (const limit of ['0', '10001', 'x', '1.5']) {
      const { said, code } = await list({ limit, state: 'all' });
      assert.equal(code, 2);
      assert.deepEqual(said.complaints, [
        'error: --state: "all" is neither waiting nor dead',
        `error: --limit: "${limit}" is not a whole number from 1 to 10000`,
      ]);
    }
    assert.deepEqual(server.asked, []);
  });
});
