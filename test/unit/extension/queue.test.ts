import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { idsOf, listOf } from '../../../src/extension/commands/queue-arguments.ts';
import { LISTED } from '../../../src/extension/queue/listing.ts';
import { idOf } from './history-helpers.ts';
import { EMPTY, entry, makeQueue } from './queue-helpers.ts';

const WAITING = { ...EMPTY, waiting: 12, oldestAt: 1_000 };
const STRIPE = ['Stripe-Signature', 't=1,v1=a'];
const LONG_AGO = 12 * 60_000;

describe('a list of the queue', () => {
  it('is read when somebody looks, and again only after a change', async () => {
    const { queue, fake, become } = makeQueue();
    become(WAITING);
    assert.deepEqual(fake.asked, []);
    fake.lists.waiting.push(entry(1), entry(2));
    const listing = queue.listing('waiting');
    assert.deepEqual(
      (await listing.read()).map(({ id }) => id),
      [idOf(1), idOf(2)],
    );
    await listing.read();
    assert.deepEqual(fake.asked, ['list waiting 0 50']);
    fake.lists.waiting.shift();
    become({ ...WAITING, waiting: 11 });
    assert.deepEqual(
      (await listing.read()).map(({ id }) => id),
      [idOf(2)],
    );
    assert.equal(listing.entry(idOf(1)), undefined);
    assert.equal(listing.entry(idOf(2))?.target, '/webhooks/2');
  });

  it('is asked for once by all who look at the same time', async () => {
    const { queue, fake } = makeQueue();
    await Promise.all([queue.listing('dead').read(), queue.listing('dead').read()]);
    assert.deepEqual(fake.asked, ['list dead 0 50']);
  });

  it('is read again if it changed while it was read', async () => {
    const { queue, fake, become } = makeQueue();
    let open: () => void = () => undefined;
    fake.gate = new Promise((resolve) => {
      open = resolve;
    });
    const reading = queue.listing('waiting').read();
    fake.lists.waiting.push(entry(1));
    become(WAITING);
    open();
    assert.equal((await reading).length, 1);
    assert.equal(fake.asked.length, 2);
  });

  it('shows a page, and more when asked to, whose end it knows', async () => {
    const { queue, fake } = makeQueue();
    fake.lists.dead = Array.from({ length: LISTED + 1 }, (_, at) => entry(at));
    const listing = queue.listing('dead');
    assert.equal((await listing.read()).length, LISTED);
    assert.ok(listing.hasMore);
    let told = 0;
    queue.changed.on(() => {
      told += 1;
    });
    listing.showMore();
    assert.equal((await listing.read()).length, LISTED + 1);
    assert.ok(!listing.hasMore);
    assert.equal(told, 1);
  });

  it('fetches many in pages that the proxy gives', async () => {
    const { queue, fake } = makeQueue();
    fake.lists.waiting = Array.from({ length: 500 }, (_, at) => entry(at));
    const listing = queue.listing('waiting');
    for (let more = LISTED; more < 250; more += LISTED) listing.showMore();
    const entries = await listing.read();
    assert.deepEqual([entries.length, entries.at(-1)?.id], [250, idOf(249)]);
    assert.deepEqual(fake.asked, ['list waiting 0 200', 'list waiting 200 50']);
  });

  it('rejects if it cannot be read, and is read anew when somebody looks again', async () => {
    const { queue, fake } = makeQueue();
    fake.failure = new Error('connection refused');
    await assert.rejects(queue.listing('waiting').read(), /refused/);
    fake.failure = undefined;
    assert.deepEqual(await queue.listing('waiting').read(), []);
  });

  it('tells which signatures have become too old, and asks for each request’s fields once', async () => {
    const { queue, fake, become } = makeQueue();
    fake.fields = STRIPE;
    fake.lists.waiting = [entry(1, { receivedAt: Date.now() - LONG_AGO }), entry(2)];
    const told = new Promise<void>((resolve) => {
      queue.changed.on(() => {
        resolve();
      });
    });
    const listing = queue.listing('waiting');
    await listing.read();
    await told;
    assert.deepEqual(listing.staleSignature(idOf(1)), { sender: 'Stripe', seconds: 300 });
    assert.equal(listing.staleSignature(idOf(2)), undefined);
    become(WAITING);
    await listing.read();
    await setImmediate();
    assert.equal(fake.asked.filter((what) => what.startsWith('show')).join(), 'show 1');
  });

  it('is drawn anew after a failure that changes no number, and not if nothing is different', async () => {
    const { queue, fake, become } = makeQueue();
    become(WAITING);
    fake.lists.waiting = [entry(1, { receivedAt: Date.now() })];
    const listing = queue.listing('waiting');
    const [first] = await listing.read();
    assert.ok(first !== undefined);
    let told = 0;
    queue.changed.on(() => {
      told += 1;
    });
    become({ ...WAITING });
    await listing.read();
    await setImmediate();
    assert.equal(told, 0);
    fake.lists.waiting = [{ ...first, attempts: 1, reason: 'the target answered 500' }];
    become({ ...WAITING });
    await listing.read();
    await setImmediate();
    assert.deepEqual([told, listing.entry(first.id)?.attempts], [1, 1]);
  });

  it('has no warnings where its requests cannot be asked for', async () => {
    const { queue, fake } = makeQueue();
    fake.lists.waiting = [entry(1, { receivedAt: Date.now() - LONG_AGO })];
    await queue.listing('waiting').read();
    fake.lists.waiting = [];
    await queue.listing('waiting').checkSignatures();
    assert.equal(queue.listing('waiting').staleSignature(idOf(1)), undefined);
  });

  it('is forgotten with its tunnel', async () => {
    const { queue, fake, become } = makeQueue();
    become(WAITING);
    fake.lists.waiting = [entry(1)];
    await queue.listing('waiting').read();
    become(undefined);
    assert.equal(queue.state, undefined);
    assert.equal(queue.listing('waiting').entry(idOf(1)), undefined);
  });
});

describe('what people do about a queue', () => {
  it('has the lists read again', async () => {
    const { queue, fake } = makeQueue();
    await queue.listing('dead').read();
    assert.equal(await queue.deliver([idOf(7)]), 1);
    await queue.listing('dead').read();
    assert.equal(await queue.discard({ all: 'waiting' }), 0);
    assert.deepEqual(fake.asked, [
      'list dead 0 50',
      'deliver 7',
      'list dead 0 50',
      'discard waiting',
    ]);
  });

  it('delivers all that was given up', async () => {
    const { queue, fake, pauses } = makeQueue();
    fake.lists.dead = [entry(1), entry(2)];
    assert.equal(await queue.deliverAll('dead'), 2);
    assert.deepEqual([fake.asked, pauses], [['deliver dead'], []]);
  });

  it('delivers all that waits: what was to wait for longer too, and what was paused', async () => {
    const { queue, fake, become, pauses } = makeQueue();
    fake.lists.waiting = [entry(1), entry(2, { dueInSeconds: 60 }), entry(3, { dueInSeconds: 0 })];
    become({ ...WAITING, waiting: 3, paused: true });
    assert.equal(await queue.deliverAll('waiting'), 3);
    assert.deepEqual(fake.asked, ['list waiting 0 200', 'deliver 2']);
    assert.deepEqual(pauses, [false]);
  });

  it('says how a request stands, and whether its signature is too old', async () => {
    const { queue, fake } = makeQueue();
    fake.fields = STRIPE;
    fake.lists.waiting = [entry(1, { receivedAt: 1_000 })];
    assert.equal((await queue.show(idOf(1), 301_000)).stale, undefined);
    assert.equal((await queue.show(idOf(1), 301_001)).stale?.sender, 'Stripe');
  });

  it('reads no more of a body than is wanted', async () => {
    const { queue, fake } = makeQueue();
    fake.content = ['abc', 'def', 'ghi'];
    assert.equal((await queue.body(idOf(1), 5)).toString(), 'abcde');
    assert.equal((await queue.body(idOf(1), 100)).toString(), 'abcdefghi');
  });
});

describe('what commands about a queue are given', () => {
  it('may be ids, rows, or several of them; nothing else becomes part of a path', () => {
    const id = idOf(1);
    assert.deepEqual(idsOf(id), [id]);
    assert.deepEqual(idsOf({ kind: 'queued', list: 'dead', id }), [id]);
    assert.deepEqual(idsOf([id, { id: idOf(2) }]), [id, idOf(2)]);
    for (const wrong of [undefined, null, 5, '../pause', { id: 5 }, `${id}/body`, []]) {
      assert.deepEqual(idsOf(wrong), []);
    }
  });

  it('may be a list by its name, or its row', () => {
    assert.equal(listOf('dead'), 'dead');
    assert.equal(listOf({ kind: 'queue', list: 'waiting' }), 'waiting');
    for (const wrong of [undefined, null, 'all', { list: 'all' }]) {
      assert.equal(listOf(wrong), undefined);
    }
  });
});
