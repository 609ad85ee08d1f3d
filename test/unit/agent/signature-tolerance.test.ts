import type { QueuedRequest } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { signatureTolerance } from '../../../src/agent/signature-tolerance.ts';
import { staleSignature, staleSignatures } from '../../../src/agent/stale-signatures.ts';
import { TroubleError } from '../../../src/agent/trouble.ts';
import { freshId } from './support/fake-proxy.ts';

const STRIPE = ['Host', 'a', 'STRIPE-signature', 't=1,v1=x'];

describe('the time within which a signature is good', () => {
  for (const [sender, fields] of [
    ['Stripe', STRIPE],
    ['Slack', ['X-Slack-Signature', 'v0=x', 'X-Slack-Request-Timestamp', '1']],
    ['Standard Webhooks', ['webhook-id', 'x', 'webhook-timestamp', '1', 'webhook-signature', 'x']],
    ['Standard Webhooks', ['svix-timestamp', '1', 'svix-signature', 'v1,x']],
  ] as const) {
    it(`is five minutes for ${sender} with ${fields[0]}`, () => {
      assert.deepEqual(signatureTolerance(fields), { sender, seconds: 300 });
    });
  }

  it('has no end for who signs no time', () => {
    assert.equal(signatureTolerance(['X-Hub-Signature-256', 'sha256=x']), undefined);
    assert.equal(signatureTolerance(['X-Slack-Signature', 'v0=x']), undefined);
    assert.equal(signatureTolerance([]), undefined);
  });

  it('is over when the request is older', () => {
    const request = { fields: STRIPE, receivedAt: 1_000 };
    assert.equal(staleSignature(request, 301_000), undefined);
    assert.equal(staleSignature(request, 301_001)?.sender, 'Stripe');
    assert.equal(staleSignature({ ...request, fields: [] }, 301_001), undefined);
  });
});

describe('the stale signatures of a list', () => {
  const NOW = 1_000_000;
  const request = (receivedAt: number, fields: readonly string[] = STRIPE): QueuedRequest => ({
    id: freshId(),
    state: 'waiting',
    method: 'POST',
    target: '/',
    receivedAt,
    size: 0,
    attempts: 0,
    httpVersion: '1.1',
    caller: '203.0.113.7',
    fields,
  });

  it('are found by asking for old ones alone, few at once', async () => {
    const old = Array.from({ length: 50 }, () => request(0));
    const all = [...old, request(NOW - 300_000), request(0, [])];
    let [open, most, count] = [0, 0, 0];
    const show = async (id: string): Promise<QueuedRequest> => {
      open += 1;
      count += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      const found = all.find((each) => each.id === id);
      assert.ok(found !== undefined);
      return found;
    };
    const stale = await staleSignatures({ show }, all, NOW);
    assert.deepEqual([...stale.keys()].sort(), old.map(({ id }) => id).sort());
    assert.deepEqual([most, count], [8, 51]);
  });

  it('are not of those that have been delivered meanwhile', async () => {
    const show = (): Promise<never> =>
      Promise.reject(new TroubleError({ code: 'entry_unknown', message: 'gone' }, undefined));
    assert.equal((await staleSignatures({ show }, [request(0)], NOW)).size, 0);
  });

  it('are not to be had where the proxy cannot be asked', async () => {
    const trouble = new TroubleError({ code: 'proxy_silent', message: 'silent' }, undefined);
    const show = (): Promise<never> => Promise.reject(trouble);
    await assert.rejects(staleSignatures({ show }, [request(0)], NOW), trouble);
  });
});
