import assert from 'node:assert/strict';
import { senderId } from '../../src/queue/sender-id.ts';

const NOTHING = Buffer.alloc(0);

describe('the sender’s own id of a webhook', () => {
  for (const name of [
    'X-GitHub-Delivery',
    'webhook-id',
    'X-Shopify-Webhook-Id',
    'X-Gitlab-Event-UUID',
    'I-Twilio-Idempotency-Token',
    'PAYPAL-TRANSMISSION-ID',
  ]) {
    it(`is found in ${name}`, () => {
      assert.equal(senderId(['Host', 'p', name, 'abc'], NOTHING), `${name.toLowerCase()}:abc`);
    });
  }

  it('of Stripe is that of the event, not of what the event is about', () => {
    const body = Buffer.from('{"data":{"object":{"id":"ch_1"}},"id": "evt_123"}');
    assert.equal(senderId(['Stripe-Signature', 't=1'], body), 'stripe-signature:evt_123');
  });

  it('of Slack is in the body', () => {
    const body = Buffer.from('{"event_id":"Ev08MFMKH6","type":"event_callback"}');
    assert.equal(senderId(['X-Slack-Signature', 'v0=1'], body), 'x-slack-signature:Ev08MFMKH6');
  });

  it('is not guessed from a body whose sender is not known', () => {
    assert.equal(senderId(['Host', 'p'], Buffer.from('{"id":"evt_123"}')), undefined);
  });

  it('is not the empty text', () => {
    assert.equal(senderId(['X-GitHub-Delivery', ''], NOTHING), undefined);
  });
});
