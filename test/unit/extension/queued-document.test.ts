import assert from 'node:assert/strict';
import type { QueuedRequest } from '../../../src/agent/index.ts';
import { queuedDocument } from '../../../src/extension/bodies/queued-document.ts';
import { entry } from './queue-helpers.ts';

const REQUEST: QueuedRequest = {
  ...entry(7, { receivedAt: 0, attempts: 2, size: 9, reason: 'the target answered 500' }),
  httpVersion: '1.1',
  caller: '203.0.113.4',
  fields: ['Content-Type', 'application/json', 'X-Twice', '1', 'x-twice', '2', '__proto__', 'p'],
};

function read(request: QueuedRequest, body?: string, warning?: string): Record<string, unknown> {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  return JSON.parse(queuedDocument(request, bytes, warning)) as Record<string, unknown>;
}

describe('a queued request as a document', () => {
  it('says what it is, how it stands, and what was sent', () => {
    const document = read(REQUEST, '{"a":1}', 'Signature is 12 min old');
    assert.deepEqual(Object.keys(document), [
      'id',
      'state',
      'warning',
      'received',
      'deliveries',
      'reason',
      'caller',
      'method',
      'target',
      'httpVersion',
      'size',
      'fields',
      'body',
    ]);
    assert.equal(document['received'], '1970-01-01T00:00:00.000Z');
    assert.deepEqual(document['body'], { a: 1 });
  });

  it('has each field by its name, and those that came twice as a list', () => {
    const text = queuedDocument(REQUEST, undefined, undefined);
    assert.match(text, /"X-Twice": \[\n {6}"1",\n {6}"2"\n {4}\],\n {4}"__proto__": "p"/);
  });

  it('has JSON as it was sent, with digits that a number would lose', () => {
    const text = queuedDocument(REQUEST, Buffer.from('{"id":12345678901234567890}'), undefined);
    assert.match(text, /"id": 12345678901234567890\n/);
  });

  it('has other text as a string, also if it only claims to be JSON', () => {
    assert.equal(read(REQUEST, '{"a":')['body'], '{"a":');
    const form = { ...REQUEST, fields: ['Content-Type', 'application/x-www-form-urlencoded'] };
    assert.equal(read(form, '1')['body'], '1');
  });

  it('leaves bytes that are no text, and bodies that are too long, to a document of their own', () => {
    assert.ok(!('body' in read(REQUEST, 'a\0b')));
    assert.ok(!('body' in read(REQUEST)));
    assert.ok(!('body' in read(REQUEST, '')));
  });

  it('shows what would hide or command', () => {
    const target = Buffer.from('/a\u202eb').toString('latin1');
    assert.equal(read({ ...REQUEST, target })['target'], '/a\ufffdb');
  });
});
