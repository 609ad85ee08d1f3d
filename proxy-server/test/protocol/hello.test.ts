import assert from 'node:assert/strict';
import {
  isCode,
  isId,
  MalformedError,
  QUEUE_DEFAULTS,
  readHello,
  readHelloAnswer,
} from '../../src/protocol/index.ts';

const ID = '00112233445566778899aabbccddeeff';

const HELLO = {
  protocol: { min: 1, max: 2 },
  software: 'caronte-cli/0.1.0',
  instance: ID,
  installation: ID,
  code: 'orders',
  takeover: true,
  policy: {
    reply: 'accept',
    share: 'balance',
    offline: 'queue',
    queue: {
      methods: ['POST', 'PUT'],
      parallel: 4,
      perSecond: 50,
      refused: 'dead',
      dedupeSeconds: 3600,
      paused: true,
    },
  },
};

const ANSWER = {
  protocol: 1,
  session: ID,
  publicUrls: ['https://a.example/forward/orders/'],
  maxWaitSeconds: 120,
  maxResponseSeconds: 120,
  maxBodyBytes: 1024,
};

function queued(queue: object): object {
  return { ...HELLO, policy: { reply: 'wait', queue } };
}

function named(member: string): MalformedError {
  return new MalformedError(`"${member}" is missing or wrong`);
}

describe('a hello', () => {
  it('is read as it is', () => {
    assert.deepEqual(readHello(HELLO), HELLO);
  });

  it('comes over JSON unharmed, with members of later versions passed over', () => {
    const later = { ...HELLO, colour: 'red', policy: { ...HELLO.policy, retries: 3 } };
    assert.deepEqual(readHello(JSON.parse(JSON.stringify(later))), HELLO);
  });

  for (const share of ['exclusive', 'balance', 'broadcast'] as const) {
    it(`may share a code in the way "${share}"`, () => {
      const { policy } = readHello({ ...HELLO, policy: { reply: 'wait', share } });
      assert.equal(policy.share, share);
    });
  }

  it('that does not say how it shares its code has it alone', () => {
    assert.equal(readHello({ ...HELLO, policy: { reply: 'wait' } }).policy.share, 'exclusive');
  });

  it('that says nothing of a queue has none, and the defaults where it says little', () => {
    const { policy } = readHello({ ...HELLO, policy: { reply: 'wait' } });
    assert.equal(policy.offline, 'refuse');
    assert.deepEqual(policy.queue, QUEUE_DEFAULTS);
    const little = { reply: 'wait', offline: 'queue', queue: { parallel: 7 } };
    assert.deepEqual(readHello({ ...HELLO, policy: little }).policy.queue, {
      ...QUEUE_DEFAULTS,
      parallel: 7,
    });
  });

  for (const takeover of [undefined, false, null, 0, 1, 'true']) {
    it(`does not take over when asked to with ${JSON.stringify(takeover)}`, () => {
      assert.equal(readHello({ ...HELLO, takeover }).takeover, false);
    });
  }

  const WRONG: readonly (readonly [member: string, value: unknown])[] = [
    ['hello', undefined],
    ['hello', null],
    ['hello', 'hello'],
    ['hello', []],
    ['protocol', { ...HELLO, protocol: undefined }],
    ['protocol', { ...HELLO, protocol: 1 }],
    ['protocol', { ...HELLO, protocol: [1, 1] }],
    ['protocol.min', { ...HELLO, protocol: { max: 1 } }],
    ['protocol.min', { ...HELLO, protocol: { min: -1, max: 1 } }],
    ['protocol.max', { ...HELLO, protocol: { min: 1 } }],
    ['protocol.max', { ...HELLO, protocol: { min: 1, max: 1.5 } }],
    ['protocol.max', { ...HELLO, protocol: { min: 1, max: '1' } }],
    ['protocol.max', { ...HELLO, protocol: { min: 1, max: 2 ** 53 } }],
    ['policy', { ...HELLO, policy: null }],
    ['policy.reply', { ...HELLO, policy: {} }],
    ['policy.reply', { ...HELLO, policy: { reply: 'later' } }],
    ['policy.share', { ...HELLO, policy: { reply: 'wait', share: 'alone' } }],
    ['policy.share', { ...HELLO, policy: { reply: 'wait', share: true } }],
    ['policy.share', { ...HELLO, policy: { reply: 'wait', share: null } }],
    ['policy.offline', { ...HELLO, policy: { reply: 'wait', offline: 'keep' } }],
    ['policy.queue', { ...HELLO, policy: { reply: 'wait', queue: [] } }],
    ['policy.queue.parallel', queued({ parallel: 0 })],
    ['policy.queue.parallel', queued({ parallel: 1025 })],
    ['policy.queue.perSecond', queued({ perSecond: -1 })],
    ['policy.queue.refused', queued({ refused: 'drop' })],
    ['policy.queue.dedupeSeconds', queued({ dedupeSeconds: 604_801 })],
    ['policy.queue.methods', queued({ methods: 'POST' })],
    ['policy.queue.methods', queued({ methods: ['P\n'] })],
    ['policy.queue.methods', queued({ methods: Array<string>(33).fill('A') })],
    ['software', { ...HELLO, software: undefined }],
    ['software', { ...HELLO, software: 'x'.repeat(201) }],
    ['software', { ...HELLO, software: 'a\nb' }],
    ['software', { ...HELLO, software: 'é' }],
    ['instance', { ...HELLO, instance: undefined }],
    ['instance', { ...HELLO, instance: ID.toUpperCase() }],
    ['instance', { ...HELLO, instance: `${ID}0` }],
    ['instance', { ...HELLO, instance: `${ID}\n` }],
    ['installation', { ...HELLO, installation: 7 }],
    ['code', { ...HELLO, code: undefined }],
    ['code', { ...HELLO, code: 'x'.repeat(64) }],
    ['code', { ...HELLO, code: 'ö' }],
  ];
  for (const [member, value] of WRONG) {
    it(`names ${member} in ${JSON.stringify(value) ?? 'undefined'}`, () => {
      assert.throws(() => readHello(value), named(member));
    });
  }

  it('takes software of 200 characters and a code of 63', () => {
    const long = { ...HELLO, software: 'x'.repeat(200), code: 'c'.repeat(63) };
    assert.deepEqual(readHello(long), long);
  });

  it('says what a code looks like', () => {
    assert.throws(() => readHello({ ...HELLO, code: 'a/b' }), /1 to 63 letters, digits/);
  });

  it('is not moved by members that come by inheritance of JSON', () => {
    const spite: unknown = JSON.parse(`{"__proto__": ${JSON.stringify(HELLO)}}`);
    assert.throws(() => readHello(spite), MalformedError);
  });
});

describe('the answer to a hello', () => {
  it('is read as it is', () => {
    assert.deepEqual(readHelloAnswer(ANSWER), ANSWER);
    assert.deepEqual(readHelloAnswer({ ...ANSWER, publicUrls: [] }).publicUrls, []);
  });

  it('tells what the queue holds, and what was missed', () => {
    const queue = { waiting: 12, dead: 1, oldestAt: 1_700_000_000_000, paused: true };
    const missed = { refused: 3, quota: 2, expired: 1, since: 1_700_000_000_000 };
    const answer = { ...ANSWER, queue, missed };
    assert.deepEqual(readHelloAnswer(JSON.parse(JSON.stringify(answer))), answer);
    const empty = { ...queue, oldestAt: undefined };
    const { queue: read } = readHelloAnswer(
      JSON.parse(JSON.stringify({ ...ANSWER, queue: empty })),
    );
    assert.deepEqual(read, empty);
  });

  const WRONG: readonly (readonly [member: string, value: unknown])[] = [
    ['answer', null],
    ['protocol', { ...ANSWER, protocol: '1' }],
    ['session', { ...ANSWER, session: '' }],
    ['session', { ...ANSWER, session: 'x'.repeat(32) }],
    ['publicUrls', { ...ANSWER, publicUrls: 'https://a' }],
    ['publicUrls', { ...ANSWER, publicUrls: [1] }],
    ['maxWaitSeconds', { ...ANSWER, maxWaitSeconds: Number.NaN }],
    ['maxResponseSeconds', { ...ANSWER, maxResponseSeconds: null }],
    ['maxBodyBytes', { ...ANSWER, maxBodyBytes: -1 }],
    ['queue', { ...ANSWER, queue: null }],
    ['queue.waiting', { ...ANSWER, queue: { dead: 0 } }],
    ['queue.oldestAt', { ...ANSWER, queue: { waiting: 1, dead: 0, oldestAt: 'x' } }],
    ['missed.quota', { ...ANSWER, missed: { refused: 0 } }],
  ];
  for (const [member, value] of WRONG) {
    it(`names ${member} in ${JSON.stringify(value)}`, () => {
      assert.throws(() => readHelloAnswer(value), named(member));
    });
  }
});

describe('a code', () => {
  for (const code of ['a', 'Z', '0', 'a-b', 'a_b', 'a--b', 'x'.repeat(63)]) {
    it(`may be ${code}`, () => assert.equal(isCode(code), true));
  }
  for (const code of ['', '-a', 'a-', '_a', 'a_', 'a.b', 'a/b', 'a b', 'a%2f', 'é', 'a\n', '..']) {
    it(`may not be ${JSON.stringify(code)}`, () => assert.equal(isCode(code), false));
  }
});

describe('an id', () => {
  for (const id of [
    '',
    ID.slice(1),
    `${ID}0`,
    ID.replace('a', 'A'),
    ID.replace('a', 'g'),
    ` ${ID}`,
  ]) {
    it(`is not ${JSON.stringify(id)}`, () => assert.equal(isId(id), false));
  }
  it('is 32 hexadecimal digits in lower case', () => assert.equal(isId(ID), true));
});
