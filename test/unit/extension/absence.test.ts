import assert from 'node:assert/strict';
import type { Missed, QueueState } from '../../../src/agent/index.ts';
import { Absence, type AwayNews } from '../../../src/extension/queue/absence.ts';
import { awayChoices, lostCount } from '../../../src/extension/queue/away-choices.ts';
import { QueueMemory } from '../../../src/extension/queue/memory.ts';
import type { TunnelPlan } from '../../../src/extension/tunnel/plan.ts';
import { EMPTY, PLAN } from './queue-helpers.ts';

const MISSED: Missed = { refused: 2, quota: 1, expired: 0, since: 5 };

/** A window whose workspace remembers. */
class Window {
  readonly told: AwayNews[] = [];
  readonly absence: Absence;
  readonly memory: QueueMemory;

  constructor(kept = new Map<string, unknown>()) {
    this.memory = new QueueMemory({
      get: (key) => kept.get(key),
      update: (key, value) => kept.set(key, value),
    });
    this.absence = new Absence(this.memory);
    this.absence.ended.on((news) => this.told.push(news));
  }

  /** The tunnel is live, and its engine says what the proxy's answer had with it. */
  async live(queue: Partial<QueueState> | undefined, missed?: Missed, plan = PLAN): Promise<void> {
    this.absence.onState({ kind: 'live', plan, since: 1, publicUrl: 'https://p.example/x' });
    if (queue !== undefined) this.absence.onQueue({ ...EMPTY, ...queue });
    if (missed !== undefined) this.absence.onMissed(missed);
    await Promise.resolve();
  }

  away(): void {
    const trouble = { code: 'proxy_unreachable', message: '' } as const;
    this.absence.onState({ kind: 'retrying', plan: PLAN, until: 1, trouble, publicUrl: '' });
  }
}

describe('the end of an absence', () => {
  it('is told with what has arrived meanwhile', async () => {
    const window = new Window();
    await window.live({ waiting: 12, paused: true });
    assert.deepEqual(window.told, [{ plan: PLAN, arrived: 12, paused: true, missed: undefined }]);
  });

  it('is not worth a word if nothing happened', async () => {
    const window = new Window();
    await window.live({});
    await window.live(undefined);
    assert.deepEqual(window.told, []);
  });

  it('is told with what was lost, by proxies that keep nothing too', async () => {
    const window = new Window();
    await window.live(undefined, MISSED);
    assert.deepEqual(window.told, [{ plan: PLAN, arrived: 0, paused: false, missed: MISSED }]);
  });

  it('counts what waited before only once', async () => {
    const window = new Window();
    await window.live({ waiting: 12 });
    window.absence.onQueue({ ...EMPTY, waiting: 3 });
    window.away();
    await window.live({ waiting: 3 });
    window.away();
    await window.live({ waiting: 5 });
    assert.deepEqual(
      window.told.map(({ arrived }) => arrived),
      [12, 2],
    );
  });

  it('does not come with each change of the queue', async () => {
    const window = new Window();
    await window.live({});
    window.absence.onQueue({ ...EMPTY, waiting: 4 });
    await Promise.resolve();
    assert.deepEqual(window.told, []);
  });

  it('is told once, also by a window that is opened anew', async () => {
    const kept = new Map<string, unknown>();
    await new Window(kept).live({ waiting: 12 });
    const second = new Window(kept);
    await second.live({ waiting: 12 });
    assert.equal(second.told.length, 0);
    const other: TunnelPlan = { ...PLAN, code: 'invoices' };
    await second.live({ waiting: 2 }, undefined, other);
    const arrived = second.told.map((news) => news.arrived);
    assert.deepEqual(arrived, [2], 'another tunnel has a queue of its own');
  });
});

describe('what is remembered of a queue', () => {
  it('is that a person has paused it, and not that it waits for review', () => {
    const { memory } = new Window();
    assert.equal(memory.of(PLAN).pausedByHand, false);
    memory.note(PLAN, { ...EMPTY, paused: true });
    assert.equal(memory.of(PLAN).pausedByHand, true);
    assert.equal(memory.of({ ...PLAN, code: 'invoices' }).pausedByHand, false);
    const review = { ...PLAN, queue: { ...PLAN.queue, review: true } };
    memory.note(review, { ...EMPTY, paused: true });
    assert.equal(memory.of(PLAN).pausedByHand, false);
  });

  it('is nothing where the storage has something else', () => {
    const memory = new QueueMemory({ get: () => 'x', update: () => undefined });
    assert.deepEqual(memory.of(PLAN), { waiting: 0, pausedByHand: false });
  });
});

describe('what a person can do after an absence', () => {
  const news = { plan: PLAN, arrived: 12, paused: true, missed: undefined };

  it('is to deliver, review or discard what waits', () => {
    assert.deepEqual(awayChoices(news), ['deliver', 'review', 'discard']);
  });

  it('is to look at what is being delivered already, or to stop that', () => {
    assert.deepEqual(awayChoices({ ...news, paused: false }), ['review', 'showRequests']);
  });

  it('is to have requests kept from now on, if some were refused for want of that', () => {
    const lost = { ...news, arrived: 0, missed: MISSED };
    assert.deepEqual(awayChoices(lost), []);
    assert.deepEqual(awayChoices({ ...lost, plan: { ...PLAN, offline: 'refuse' } }), [
      'keepRequests',
    ]);
    assert.equal(lostCount(lost), 3);
    assert.equal(lostCount(news), 0);
  });
});
