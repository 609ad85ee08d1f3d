import assert from 'node:assert/strict';
import { queuedLine, staleWarning } from '../../../src/webview/queued.ts';

const TIMES = { proxyReceivedAt: 0, receivedAt: 720_000 };

describe('an exchange from the queue', () => {
  it('says for how long it has waited, and which delivery it is from the second on', () => {
    assert.equal(queuedLine({ id: 'a', attempt: 1 }, TIMES), 'Queued for 12 min');
    assert.equal(queuedLine({ id: 'a', attempt: 2 }, TIMES), 'Queued for 12 min · 2nd delivery');
  });

  it('warns of a signature that was too old, and of nothing else', () => {
    const stale = { sender: 'Stripe', seconds: 300 };
    assert.deepEqual(staleWarning({ id: 'a', attempt: 1, stale }, TIMES), [
      'Signature was 12 min old; Stripe accepts 5 min.',
    ]);
    assert.deepEqual(staleWarning({ id: 'a', attempt: 1 }, TIMES), []);
    assert.deepEqual(staleWarning(undefined, TIMES), []);
  });
});
