import assert from 'node:assert/strict';
import { sampleRequest } from '../../../src/extension/commands/sample.ts';

const DELIVERY = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

describe('the sample request', () => {
  it('is a small event as GitHub sends it, below the public address', () => {
    const { url, headers, body } = sampleRequest(
      'https://p.example/forward/orders/',
      new Date(0),
      DELIVERY,
    );
    assert.equal(url, 'https://p.example/forward/orders/webhooks/github');
    assert.equal(headers['X-GitHub-Event'], 'issues');
    assert.equal(headers['X-GitHub-Delivery'], DELIVERY);
    const event = JSON.parse(body) as { action: string; issue: { created_at: string } };
    assert.equal(event.action, 'opened');
    assert.equal(event.issue.created_at, '1970-01-01T00:00:00.000Z');
  });
});
