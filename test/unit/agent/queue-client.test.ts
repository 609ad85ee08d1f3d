import { AGENT_PATHS, MAX_CHOSEN, PAGE_LIMIT } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { QueueClient } from '../../../src/agent/queue-client.ts';
import { TroubleError } from '../../../src/agent/trouble.ts';
import { FakeClock } from './support/clock.ts';
import { FakeProxy, freshId, refuse } from './support/fake-proxy.ts';
import { within } from './support/wait.ts';

const QUEUE = { waiting: 2, dead: 1, oldestAt: 1_790_000_000_000, paused: false };
const PATH = `${AGENT_PATHS.queue}orders`;

function entry(more: object = {}): object {
  return {
    id: freshId(),
    state: 'waiting',
    method: 'POST',
    target: '/webhooks/stripe',
    receivedAt: 1_790_000_000_000,
    size: 1832,
    attempts: 2,
    dueInSeconds: 14,
    reason: 'the target answered 500',
    ...more,
  };
}

describe('what a person asks of a queue', () => {
  const clock = new FakeClock();
  let proxy: FakeProxy;
  let client: QueueClient;

  beforeEach(async () => {
    proxy = new FakeProxy();
    const proxyUrl = `${await proxy.listen()}/below`;
    client = new QueueClient({ proxyUrl, secret: 'a secret of the tests', code: 'orders' }, clock);
  });
  afterEach(async () => {
    await client.destroy();
    await proxy.close();
  });

  /** Answers the next request; resolves with what it was. */
  async function answer(path: string, value: unknown): Promise<{ method: string; body: string }> {
    const { request, response, body } = await proxy.next(`/below${path}`);
    assert.equal(request.headers.authorization, 'Bearer a secret of the tests');
    assert.equal(request.headers['caronte-session'], undefined);
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
    return { method: request.method ?? '', body: body.toString() };
  }

  async function trouble(asked: Promise<unknown>): Promise<string> {
    const error: unknown = await within(
      asked.then(
        () => undefined,
        (error: unknown) => error,
      ),
      'a refusal',
    );
    assert.ok(error instanceof TroubleError, String(error));
    return error.trouble.code;
  }

  it('is a page of a list, and the page that follows', async () => {
    const first = client.list({ state: 'waiting' });
    const entries = [
      entry(),
      entry({ dueInSeconds: undefined, reason: null, state: 'delivering' }),
    ];
    await answer(`${PATH}?state=waiting&limit=50`, { queue: QUEUE, entries, next: 4711 });
    const page = await first;
    assert.deepEqual([page.queue, page.next, page.entries[0]], [QUEUE, 4711, entries[0]]);
    assert.deepEqual(
      page.entries.map(({ state, reason }) => [state, reason]),
      [
        ['waiting', 'the target answered 500'],
        ['delivering', undefined],
      ],
    );
    const last = client.list({ state: 'dead', after: 4711, limit: 7 });
    await answer(`${PATH}?state=dead&after=4711&limit=7`, {
      queue: QUEUE,
      entries: [],
      next: null,
    });
    assert.equal((await last).next, null);
  });

  it('may have the longest paths on a whole page, and no more', async () => {
    const target = `/${'"'.repeat(32 * 1024 - 1)}`;
    const entries = Array.from({ length: PAGE_LIMIT.most }, () => entry({ target }));
    const asked = client.list({ state: 'dead', limit: PAGE_LIMIT.most });
    const path = `${PATH}?state=dead&limit=${PAGE_LIMIT.most}`;
    await answer(path, { queue: QUEUE, entries, next: null });
    assert.equal((await asked).entries.length, PAGE_LIMIT.most);
    const endless = trouble(client.list({ state: 'dead', limit: PAGE_LIMIT.most }));
    await answer(path, 'x'.repeat(16 * 1024 * 1024 + 1));
    assert.equal(await endless, 'proxy_misbehaved');
  });

  it('is one request with its fields', async () => {
    const shown = {
      ...entry(),
      httpVersion: '1.1',
      caller: '203.0.113.7',
      fields: ['A', '\u00e9'],
    };
    const id = freshId();
    const asked = client.show(id);
    await answer(`${PATH}/${id}`, shown);
    assert.deepEqual(await asked, shown);
  });

  it('is its body as it is', async () => {
    const id = freshId();
    const asked = client.body(id);
    await answer(`${PATH}/${id}/body`, 'any data');
    assert.equal(await text(await asked), 'any data');
  });

  it('is to deliver or to discard some, or all of a list', async () => {
    const ids = [freshId(), freshId()];
    for (const [step, asked, expected] of [
      ['deliver', client.deliver({ ids }), { ids }],
      ['deliver', client.deliver({ all: 'dead' }), { all: 'dead' }],
      ['discard', client.discard({ all: 'waiting' }), { all: 'waiting' }],
    ] as const) {
      const { method, body } = await answer(`${PATH}/${step}`, { count: 2 });
      assert.deepEqual([method, JSON.parse(body)], ['POST', expected]);
      assert.equal(await asked, 2);
    }
  });

  it('may be more than one request can say', async () => {
    const asked = client.discard({ ids: Array.from({ length: MAX_CHOSEN + 1 }, freshId) });
    await answer(`${PATH}/discard`, { count: MAX_CHOSEN });
    const { body } = await answer(`${PATH}/discard`, { count: 1 });
    assert.equal((JSON.parse(body) as { ids: string[] }).ids.length, 1);
    assert.equal(await asked, MAX_CHOSEN + 1);
  });

  it('is to pause, and to go on', async () => {
    const pausing = client.pause();
    await answer(`${PATH}/pause`, { queue: { ...QUEUE, paused: true } });
    assert.equal((await pausing).paused, true);
    const going = client.resume();
    const { method, body } = await answer(`${PATH}/resume`, { queue: QUEUE });
    assert.deepEqual([method, body, await going], ['POST', '', QUEUE]);
  });

  for (const [status, problem, expected] of [
    [501, 'queue_unavailable', 'queue_unavailable'],
    [404, 'entry_unknown', 'entry_unknown'],
    [401, 'unauthorized', 'secret_refused'],
    [404, 'not_found', 'refused_by_proxy'],
    [502, 'nothing of ours', 'not_a_proxy'],
  ] as const) {
    it(`is refused as ${problem} with the trouble ${expected}`, async () => {
      const id = freshId();
      const asked = trouble(client.show(id));
      refuse(await proxy.next(`/below${PATH}/${id}`), status, problem);
      assert.equal(await asked, expected);
      const body = trouble(client.body(id));
      refuse(await proxy.next(`/below${PATH}/${id}/body`), status, problem);
      assert.equal(await body, expected);
    });
  }

  it('is in vain where the answer is not what was asked for', async () => {
    for (const value of [{ queue: QUEUE }, { queue: QUEUE, entries: [{}], next: null }, []]) {
      const asked = trouble(client.list({ state: 'dead' }));
      await answer(`${PATH}?state=dead&limit=50`, value);
      assert.equal(await asked, 'proxy_misbehaved');
    }
    const asked = trouble(client.pause());
    await answer(`${PATH}/pause`, '<html>');
    assert.equal(await asked, 'not_a_proxy');
  });

  it('is in vain where nobody answers in time, or nobody is there', async () => {
    const asked = trouble(client.pause());
    await proxy.next(`/below${PATH}/pause`);
    clock.advance(30_000);
    assert.equal(await asked, 'proxy_silent');
    await proxy.close();
    assert.equal(await trouble(client.pause()), 'proxy_unreachable');
    proxy = new FakeProxy();
    await proxy.listen();
  });
});
