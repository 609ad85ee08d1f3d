import assert from 'node:assert/strict';
import { QUEUE_DEFAULTS, type QueuedRequest, type QueuePage } from '../../src/protocol/index.ts';
import { answer, policy, QueueFixture, QUEUEING } from '../support/queue-fixture.ts';
import { TestAgent } from '../support/test-agent.ts';
import { until, within } from '../support/wait.ts';

describe('what people ask of a queue', () => {
  let fixture: QueueFixture;
  let person: TestAgent;

  beforeEach(async () => {
    fixture = await QueueFixture.start();
    await fixture.remembered();
    person = new TestAgent(fixture.proxy.port);
  });
  afterEach(() => fixture.stop());

  async function page(query = ''): Promise<QueuePage> {
    const { status, json } = await person.queue('GET', `orders${query}`);
    assert.equal(status, 200);
    return json as QueuePage;
  }

  it('is a list of what waits, the oldest first, in pages', async () => {
    const ids = [await fixture.kept('1'), await fixture.kept('22'), await fixture.kept('333')];
    const first = await page('?limit=2');
    assert.deepEqual(first.queue, {
      waiting: 3,
      dead: 0,
      oldestAt: first.entries[0]?.receivedAt,
      paused: false,
    });
    const [oldest] = first.entries;
    assert.deepEqual(oldest, {
      id: ids[0],
      state: 'waiting',
      method: 'POST',
      target: '/hook',
      receivedAt: oldest?.receivedAt,
      size: 1,
      attempts: 0,
    });
    const second = await page(`?limit=2&after=${first.next}`);
    assert.deepEqual(
      [...first.entries, ...second.entries].map(({ id, size }) => [id, size]),
      ids.map((id, index) => [id, index + 1]),
    );
    assert.equal(second.next, null);
    assert.deepEqual((await page('?state=dead')).entries, []);
  });

  it('is one request with its fields, and its body byte for byte', async () => {
    const body = Buffer.from([0, 255, 10, 13, 0x80]);
    const id = await fixture.kept(body, 'X-Own: é\r\n');
    const { json } = await person.queue('GET', `orders/${id}`);
    const { fields, caller, httpVersion, size } = json as QueuedRequest;
    assert.deepEqual(
      [caller, httpVersion, size, fields[fields.indexOf('X-Own') + 1]],
      ['127.0.0.1', '1.1', 5, 'é'],
    );
    assert.deepEqual((await person.queue('GET', `orders/${id}/body`)).body, body);
  });

  it('is a body from a file of its own', async () => {
    const body = Buffer.alloc(200_000, 'large');
    const id = await fixture.kept(body);
    const answered = await person.queue('GET', `orders/${id}/body`);
    assert.equal(answered.body.equals(body), true);
  });

  it('is to discard some, or all', async () => {
    const [first] = [await fixture.kept(), await fixture.kept(), await fixture.kept()];
    const discard = async (which: object): Promise<unknown> =>
      (await person.queue('POST', 'orders/discard', which)).json;
    assert.deepEqual(await discard({ ids: [first] }), { count: 1 });
    assert.deepEqual(await discard({ ids: [first] }), { count: 0 });
    assert.deepEqual(await discard({ all: 'dead' }), { count: 0 });
    assert.deepEqual(await discard({ all: 'waiting' }), { count: 2 });
    assert.equal((await page()).queue.waiting, 0);
  });

  it('does not touch what is being delivered', async () => {
    const id = await fixture.kept();
    const agent = await fixture.agent();
    const taken = await agent.take();
    assert.equal((await page()).entries[0]?.state, 'delivering');
    assert.deepEqual((await person.queue('POST', 'orders/discard', { ids: [id] })).json, {
      count: 0,
    });
    await answer(agent, taken);
    await until(() => fixture.store.counts('orders').waiting === 0, 'an empty queue');
  });

  it('is to pause deliveries, and to go on', async () => {
    const agent = await fixture.agent();
    const pause = await person.queue('POST', 'orders/pause');
    assert.equal((pause.json as { queue: { paused: boolean } }).queue.paused, true);
    await agent.bye();
    await fixture.kept();
    const other = await fixture.agent({ ...QUEUEING, instance: 'a'.repeat(32) });
    await person.queue('POST', 'orders/resume');
    assert.equal((await within(other.take(), 'a delivery')).body.toString(), 'hello');
  });

  it('is to deliver some while the others wait for a word', async () => {
    await fixture.kept('1');
    const second = await fixture.kept('2');
    const paused = policy({ queue: { ...QUEUE_DEFAULTS, paused: true } });
    const agent = await fixture.agent(paused);
    const poll = agent.startPoll({ capacity: 8 });
    await person.queue('POST', 'orders/deliver', { ids: [second] });
    const { exchanges } = await within(poll.answer, 'a delivery');
    assert.deepEqual(
      exchanges.map(({ body }) => body.toString()),
      ['2'],
    );
  });

  it('is nothing without the secret', async () => {
    const id = await fixture.kept();
    const stranger = new TestAgent(fixture.proxy.port, 'some other secret');
    for (const [method, path] of [
      ['GET', 'orders'],
      ['GET', `orders/${id}/body`],
      ['POST', 'orders/discard'],
    ] as const) {
      assert.equal((await stranger.queue(method, path)).problem, 'unauthorized');
    }
  });

  it('is nothing of another code', async () => {
    const id = await fixture.kept();
    assert.equal((await person.queue('GET', `others/${id}`)).problem, 'entry_unknown');
    assert.deepEqual((await person.queue('POST', 'others/discard', { ids: [id] })).json, {
      count: 0,
    });
    assert.equal((await page()).queue.waiting, 1);
  });

  for (const [method, path, problem] of [
    ['GET', '', 'not_found'],
    ['GET', '-orders', 'not_found'],
    ['GET', 'orders/nothing', 'not_found'],
    ['GET', `orders/${'0'.repeat(32)}`, 'entry_unknown'],
    ['GET', `orders/${'0'.repeat(32)}/body`, 'entry_unknown'],
    ['PUT', 'orders', 'not_found'],
    ['POST', 'orders', 'not_found'],
    ['POST', 'orders/explode', 'not_found'],
    ['GET', 'orders?state=lost', 'malformed'],
    ['GET', 'orders?after=x', 'malformed'],
    ['POST', 'orders/deliver', 'malformed'],
  ] as const) {
    it(`is refused as ${problem} in ${method} ${path}`, async () => {
      assert.equal((await person.queue(method, path)).problem, problem);
    });
  }

  for (const body of [{}, { ids: [] }, { ids: ['x'] }, { all: 'waiting' }, { all: 'x' }, []]) {
    it(`cannot be to deliver ${JSON.stringify(body)}`, async () => {
      assert.equal((await person.queue('POST', 'orders/deliver', body)).problem, 'malformed');
    });
  }
});
