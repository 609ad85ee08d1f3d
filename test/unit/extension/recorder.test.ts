import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchange, idOf, makeHistory, received } from './history-helpers.ts';

describe('recording what the engine tells', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-recorder-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('keeps each try with its failure, and how it ended', async () => {
    const { history, record } = makeHistory(folder);
    const id = idOf(1);
    record(received(1));
    record({ type: 'attempt', id, at: 10, attempt: 1 });
    record({ type: 'attempt-failed', id, at: 11, attempt: 1, detail: 'refused', pauseMs: 100 });
    record({ type: 'attempt', id, at: 111, attempt: 2 });
    const outcome = { kind: 'failed', code: 'target_unreachable', detail: 'gone' } as const;
    record({ type: 'ended', id, at: 1_000_200, outcome });
    const details = await history.details(id);
    assert.deepEqual(details?.timing.attempts, [
      { at: 10, failedAt: 11, detail: 'refused' },
      { at: 111 },
    ]);
    assert.equal(details.response, undefined);
    assert.deepEqual(history.get(id)?.outcome, outcome);
    assert.equal(history.get(id)?.status, undefined);
  });

  it('lists a further delivery of an exchange beside the first', () => {
    const { history, record } = makeHistory(folder);
    for (const event of exchange({ number: 1 })) record(event);
    for (const event of exchange({ number: 1 })) {
      record(event.type === 'received' ? { ...event, head: { ...event.head, attempt: 2 } } : event);
    }
    assert.deepEqual(
      history.newest(5).map(({ key }) => key),
      [`${idOf(1)}-2`, idOf(1)],
    );
  });

  it('marks a delivery from the queue, and a signature that was too old for it', async () => {
    const { history, record } = makeHistory(folder);
    const queued = idOf(99);
    const fields = ['Stripe-Signature', 't=1,v1=a'];
    for (const [number, attempt, waitedMs] of [
      [1, 1, 300_000],
      [2, 2, 720_000],
    ] as const) {
      for (const event of exchange({ number })) {
        if (event.type !== 'received') record(event);
        else {
          const receivedAt = event.at - waitedMs;
          record({ ...event, head: { ...event.head, queued, attempt, receivedAt, fields } });
        }
      }
    }
    const [second, first] = history.newest(2);
    assert.deepEqual([first?.delivery, second?.delivery], [1, 2]);
    const facts = { id: queued, attempt: 1 };
    assert.deepEqual((await history.details(first?.key ?? ''))?.queued, facts);
    assert.deepEqual((await history.details(second?.key ?? ''))?.queued, {
      id: queued,
      attempt: 2,
      stale: { sender: 'Stripe', seconds: 300 },
    });
    await history.flush();
    const { history: later } = makeHistory(folder);
    await later.load();
    assert.equal(later.get(second?.key ?? '')?.delivery, 2);
    assert.equal((await later.details(second?.key ?? ''))?.queued?.stale?.sender, 'Stripe');
  });

  it('ignores what belongs to no exchange', () => {
    const { history, record } = makeHistory(folder);
    record({ type: 'attempt', id: idOf(1), at: 1, attempt: 1 });
    assert.equal(history.size, 0);
  });

  it('counts what passed through a WebSocket', () => {
    const { history, record } = makeHistory(folder);
    const id = idOf(1);
    record(received(1));
    record({ type: 'response', id, at: 10, status: 101, reason: '', fields: [] });
    const passed = { toTarget: 5, toCaller: 7 };
    record({ type: 'ended', id, at: 20, outcome: { kind: 'replied' }, passed });
    const entry = history.get(id);
    assert.deepEqual([entry?.status, entry?.requestBytes, entry?.responseBytes], [101, 5, 7]);
  });

  it('keeps trailers', async () => {
    const { history, record } = makeHistory(folder);
    for (const event of exchange({ number: 1 })) {
      record(event.type === 'response-end' ? { ...event, trailers: ['Digest', 'x'] } : event);
    }
    const details = await history.details(idOf(1));
    assert.deepEqual(details?.response?.trailers, ['Digest', 'x']);
  });
});
