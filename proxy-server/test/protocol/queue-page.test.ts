import assert from 'node:assert/strict';
import {
  MalformedError,
  MAX_CHOSEN,
  readQueueAnswer,
  readQueueChoice,
  readQueueCount,
  readQueuedRequest,
  readQueuePage,
  WIRE_LIMITS,
} from '../../src/protocol/index.ts';

const ID = '00112233445566778899aabbccddeeff';
const QUEUE = { waiting: 12, dead: 1, oldestAt: 1_790_000_000_000, paused: false };
const ENTRY = {
  id: ID,
  state: 'waiting',
  method: 'POST',
  target: '/webhooks/stripe',
  receivedAt: 1_790_000_000_000,
  size: 1832,
  attempts: 2,
  dueInSeconds: 14,
  reason: 'the target answered 500',
} as const;

function wrong(read: () => unknown, member: string): void {
  assert.throws(read, (error) => error instanceof MalformedError && error.message.includes(member));
}

describe('a page of the queue', () => {
  it('is read as the document has it', () => {
    const page = { queue: QUEUE, entries: [ENTRY], next: 4711 };
    assert.deepEqual(readQueuePage(page), page);
    assert.equal(readQueuePage({ ...page, next: null }).next, null);
  });

  it('may leave out what is there only after a failure', () => {
    const { dueInSeconds: _due, reason: _reason, ...fresh } = ENTRY;
    assert.deepEqual(readQueuePage({ queue: QUEUE, entries: [fresh], next: null }).entries, [
      fresh,
    ]);
  });

  for (const [member, value] of [
    ['id', 'x'],
    ['state', 'lost'],
    ['method', 1],
    ['target', null],
    ['receivedAt', -1],
    ['size', 1.5],
    ['attempts', '2'],
    ['dueInSeconds', 'soon'],
    ['reason', {}],
  ] as const) {
    it(`is refused if ${member} is ${JSON.stringify(value)}`, () => {
      const entries = [{ ...ENTRY, [member]: value }];
      wrong(() => readQueuePage({ queue: QUEUE, entries, next: null }), member);
    });
  }

  it('is refused without entries, queue or next', () => {
    wrong(() => readQueuePage({ queue: QUEUE, entries: {}, next: null }), 'entries');
    wrong(() => readQueuePage({ entries: [], next: null }), 'queue');
    wrong(() => readQueuePage({ queue: QUEUE, entries: [] }), 'next');
  });
});

describe('one request of the queue', () => {
  const request = { ...ENTRY, httpVersion: '1.1', caller: '203.0.113.7', fields: ['A', 'b'] };

  it('has its fields beside what a page says', () => {
    assert.deepEqual(readQueuedRequest(request), request);
  });

  it('is refused if they are none', () => {
    wrong(() => readQueuedRequest({ ...request, fields: [1] }), 'fields');
    wrong(() => readQueuedRequest({ ...request, caller: undefined }), 'caller');
  });
});

describe('what is to be delivered or discarded', () => {
  it('is some by their ids, or a list that may be chosen', () => {
    assert.deepEqual(readQueueChoice({ ids: [ID] }, ['dead']), { ids: [ID] });
    assert.deepEqual(readQueueChoice({ all: 'dead' }, ['dead']), { all: 'dead' });
    wrong(() => readQueueChoice({ all: 'waiting' }, ['dead']), 'all');
    wrong(() => readQueueChoice({ all: 'dead', ids: [ID] }, ['dead']), 'all');
  });

  it('is up to as many as fit into one request', () => {
    const ids = Array.from({ length: MAX_CHOSEN }, () => ID);
    assert.deepEqual(readQueueChoice({ ids }, []), { ids });
    assert.ok(JSON.stringify({ ids }).length < WIRE_LIMITS.hello);
    wrong(() => readQueueChoice({ ids: [...ids, ID] }, []), 'ids');
    wrong(() => readQueueChoice({ ids: [] }, []), 'ids');
    wrong(() => readQueueChoice({ ids: ['../x'] }, []), 'ids');
    wrong(() => readQueueChoice([], []), 'choice');
  });

  it('is answered by a count, or by what the queue holds', () => {
    assert.equal(readQueueCount({ count: 2 }), 2);
    wrong(() => readQueueCount({}), 'count');
    assert.deepEqual(readQueueAnswer({ queue: QUEUE }), QUEUE);
    wrong(() => readQueueAnswer({}), 'queue');
  });
});
