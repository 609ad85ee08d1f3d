import assert from 'node:assert/strict';
import type { Missed, QueueState } from 'caronte-proxy/protocol';
import type { ConnectionState, ExchangeOutcome } from '../../../src/agent/index.ts';
import { moment } from '../../../src/cli/time.ts';
import { COLOURED, PLAIN, styleFor } from '../../../src/cli/view/style.ts';
import { duration, ordinal } from '../../../src/cli/view/figures.ts';
import { textView } from '../../../src/cli/view/text-view.ts';
import type { View } from '../../../src/cli/view/index.ts';
import { exchange } from './events.ts';

const ESCAPE = '\u001b[';

function view({
  style = PLAIN,
  columns,
  accepts = false,
}: { style?: typeof PLAIN; columns?: number; accepts?: boolean } = {}) {
  return textView({
    style,
    columns: () => columns,
    timeOfDay: () => '20:15:30',
    moment: (at) => `moment ${at}`,
    accepts,
  });
}

/** The line of one exchange. */
function line(of: Parameters<typeof exchange>[0], subject = view()): string {
  const lines = exchange(of).flatMap((event) => subject.exchange(event));
  assert.equal(lines.length, 1);
  return lines[0] ?? '';
}

describe('an exchange’s line for people', () => {
  it('says when, what, how it ended and how long it took', () => {
    assert.equal(line({ status: 200 }), '20:15:30 POST /hooks 200 34 ms');
  });

  it('leaves the query out, which may hold credentials', () => {
    assert.equal(line({ target: '/a?token=x', status: 204 }), '20:15:30 POST /a?… 204 34 ms');
  });

  const outcomes: readonly [ExchangeOutcome, number | undefined, string][] = [
    [{ kind: 'kept' }, 200, '200 34 ms (not sent back)'],
    [{ kind: 'copied' }, 200, '200 34 ms (copy)'],
    [
      { kind: 'failed', code: 'target_unreachable', detail: 'connection refused' },
      undefined,
      'failed 34 ms: the target could not be reached: connection refused',
    ],
    [
      { kind: 'failed', code: 'target_broke_off', detail: 'other side closed' },
      200,
      '200 failed 34 ms: the target broke off: other side closed',
    ],
    [{ kind: 'cancelled', reason: 'caller_gone' }, undefined, 'cancelled 34 ms: the caller left'],
    [{ kind: 'undelivered', detail: 'too late' }, 200, '200 undelivered 34 ms: too late'],
  ];
  for (const [outcome, status, end] of outcomes) {
    it(`says how it ${outcome.kind === 'failed' ? outcome.code : outcome.kind}`, () => {
      const of = { outcome, ...(status !== undefined && { status }) };
      assert.equal(line(of), `20:15:30 POST /hooks ${end}`);
    });
  }

  it('counts attempts if there was more than one', () => {
    assert.equal(line({ status: 200, attempts: 3 }), '20:15:30 POST /hooks 200 34 ms (3 attempts)');
  });

  it('says that it comes from the queue, and which delivery it is', () => {
    const queued = 'a'.repeat(32);
    assert.equal(line({ status: 200, queued }), '20:15:30 POST /hooks 200 34 ms (queued)');
    assert.equal(
      line({ status: 500, queued, delivery: 2 }),
      '20:15:30 POST /hooks 500 34 ms (queued, 2nd delivery)',
    );
    const outcome = { kind: 'cancelled', reason: 'caller_gone' } as const;
    assert.match(line({ queued, outcome }), /\(queued\): the proxy took it back$/);
  });

  it('shortens a long path to the width of the terminal', () => {
    const shown = line({ target: `/${'a'.repeat(500)}/end`, status: 200 }, view({ columns: 60 }));
    assert.equal(shown.length, 60);
    assert.match(shown, /^20:15:30 POST \/a+…a+\/end 200 34 ms$/);
  });

  it('shows at least a piece of the path, however narrow the terminal', () => {
    const shown = line({ target: `/${'a'.repeat(500)}`, status: 200 }, view({ columns: 5 }));
    assert.match(shown, /POST \/a+…a+ 200/);
  });

  it('shows the whole path where there is no terminal', () => {
    const target = `/${'a'.repeat(5000)}`;
    assert(line({ target, status: 200 }).includes(target));
  });

  it('lets nothing of method, path or detail act on the terminal', () => {
    const shown = line({
      method: 'PO\u001b[2JST',
      target: '/\u001b]0;title\u0007\u009b2J\nGET /forged 200',
      outcome: { kind: 'failed', code: 'target_broke_off', detail: '\u001b[1mloud\r\nnew line' },
    });
    assert.doesNotMatch(shown, /\p{Cc}/u);
  });

  it('says nothing of an exchange that it has not seen begin', () => {
    const [, ...later] = exchange({ status: 200 });
    assert.deepEqual(
      later.flatMap((event) => view().exchange(event)),
      [],
    );
  });

  it('keeps exchanges that run at the same time apart', () => {
    const subject = view();
    const first = exchange({ id: 'a'.repeat(32), target: '/1', status: 201 });
    const second = exchange({ id: 'b'.repeat(32), target: '/2', status: 202 });
    const mixed = first.flatMap((event, at) => [event, second[at] ?? event]);
    assert.deepEqual(
      mixed.flatMap((event) => subject.exchange(event)),
      ['20:15:30 POST /1 201 34 ms', '20:15:30 POST /2 202 34 ms'],
    );
  });

  it('has no control codes without colour, and some with it', () => {
    assert(!line({ status: 500 }).includes(ESCAPE));
    assert(line({ status: 500 }, view({ style: COLOURED })).includes(`${ESCAPE}31m500 34 ms`));
    assert(line({ status: 404 }, view({ style: COLOURED })).includes(`${ESCAPE}33m404`));
    assert(line({ status: 200 }, view({ style: COLOURED })).includes(`${ESCAPE}32m200`));
  });
});

describe('the state’s lines for people', () => {
  const refused = (delayMs: number, message = 'connection refused'): ConnectionState => ({
    kind: 'retrying',
    attempt: 1,
    delayMs,
    until: delayMs,
    trouble: { code: 'proxy_unreachable', message, advice: 'Check the address.' },
  });
  const live: ConnectionState = {
    kind: 'live',
    since: 0,
    publicUrls: ['https://a.example/forward/x/', 'https://x.a.example/'],
  };
  const lines = (...states: ConnectionState[]) => {
    const subject = view();
    return states.flatMap((state) => subject.state(state, 0));
  };

  it('tell where callers reach the tunnel', () => {
    assert.deepEqual(lines({ kind: 'idle' }, { kind: 'connecting', attempt: 1 }, live), [
      '20:15:30 connecting',
      '20:15:30 live at https://a.example/forward/x/',
      '  also at https://x.a.example/',
    ]);
  });

  it('tell a trouble once, with advice, and not at each attempt of an outage', () => {
    const again: ConnectionState = { kind: 'connecting', attempt: 2 };
    assert.deepEqual(lines(refused(3000), again, refused(3500), again, refused(2000), again), [
      '20:15:30 retrying in 3 s: connection refused',
      '  Check the address.',
    ]);
  });

  it('tell it again when the pauses have become twice as long', () => {
    assert.deepEqual(lines(refused(100), refused(1999), refused(2000), refused(3999)), [
      '20:15:30 retrying in 1 s: connection refused',
      '  Check the address.',
      '20:15:30 retrying in 2 s: connection refused',
    ]);
  });

  it('tell another trouble, and the same one after the tunnel was live', () => {
    const seen = lines(refused(1000), refused(1000, 'no route'), live, refused(1000, 'no route'));
    assert.equal(seen.filter((line) => line.endsWith('no route')).length, 2);
  });

  it('tell why the agent stopped for good, and what to do', () => {
    const trouble = {
      code: 'secret_refused',
      message: 'secret refused',
      advice: 'Give it.',
    } as const;
    assert.deepEqual(lines({ kind: 'stopped', trouble }), [
      '20:15:30 stopped: secret refused',
      '  Give it.',
    ]);
    assert.deepEqual(lines({ kind: 'stopped' }), ['20:15:30 stopped']);
  });

  it('escape what the proxy says', () => {
    const shown = lines(refused(1000, '\u001b[2J'), {
      kind: 'live',
      since: 0,
      publicUrls: ['http://a/\u001b]8;;http://evil\u0007'],
    });
    assert.doesNotMatch(shown.join(''), /\p{Cc}/u);
  });
});

describe('the queue’s lines for people', () => {
  const live: ConnectionState = { kind: 'live', since: 0, publicUrls: ['https://a.example/'] };
  const state = (waiting: number, more: Partial<QueueState> = {}): QueueState => ({
    waiting,
    dead: 0,
    oldestAt: waiting === 0 ? undefined : 5_000,
    paused: false,
    ...more,
  });
  /** The lines of some states, without their time. */
  const lines = (subject: View, ...states: QueueState[]) =>
    states.flatMap((each) => subject.queue(each, 6_000)).map((line) => line.slice(9));

  it('tell what waits once the tunnel is live, and since when', () => {
    assert.deepEqual(lines(view(), state(12)), ['12 webhooks wait since moment 5000, delivering']);
    assert.deepEqual(lines(view(), state(1, { paused: true })), [
      '1 webhook waits since moment 5000, paused: caronte queue resume delivers it',
    ]);
    assert.deepEqual(lines(view(), state(0)), []);
  });

  it('tell that something waits, how that goes on, and the end, but no number in between', () => {
    const seen = lines(
      view(),
      state(0),
      state(1),
      state(7),
      state(7, { paused: true }),
      state(8, { paused: true }),
      state(8),
      state(3),
      state(0),
      state(0),
    );
    assert.deepEqual(seen, [
      '1 webhook waits since moment 5000, delivering',
      '7 webhooks wait since moment 5000, paused: caronte queue resume delivers them',
      '8 webhooks wait since moment 5000, delivering',
      'the queue is empty again',
    ]);
  });

  it('tell what waits anew when the tunnel is live again', () => {
    const subject = view();
    lines(subject, state(2));
    subject.state(live, 6_000);
    assert.deepEqual(lines(subject, state(2), state(3), state(0)), [
      '2 webhooks wait since moment 5000, delivering',
      'the queue is empty again',
    ]);
  });

  it('tell only of old ones where every request passes through the queue', () => {
    const subject = view({ accepts: true });
    const fresh = state(1, { oldestAt: 1_001 });
    assert.deepEqual(lines(subject, state(0), fresh, state(0)), []);
    assert.deepEqual(lines(subject, state(1, { oldestAt: 1_000 }), state(0)), [
      '1 webhook waits since moment 1000, delivering',
      'the queue is empty again',
    ]);
  });

  it('tell of dead letters when there are more than before', () => {
    const seen = lines(view(), ...[0, 1, 1, 3, 2, 3].map((dead) => state(0, { dead })));
    assert.deepEqual(seen, [
      '1 was given up: caronte queue list --state dead',
      '3 were given up: caronte queue list --state dead',
      '3 were given up: caronte queue list --state dead',
    ]);
  });

  it('tell what was missed, and what to do about each', () => {
    const subject = view();
    const missed = (more: Partial<Missed>) =>
      subject
        .missed({ refused: 0, quota: 0, expired: 0, since: 5_000, ...more }, 6_000)
        .map((line) => line.slice(9));
    assert.deepEqual(missed({ refused: 3, quota: 1, expired: 2 }), [
      '3 requests were refused while no agent was there, since moment 5000: with --offline queue the proxy keeps them',
      '1 request was refused by a full queue, since moment 5000: raise --queue-count or --queue-bytes of the proxy',
      '2 requests were dropped after waiting for too long, since moment 5000: raise --queue-age of the proxy',
    ]);
    assert.deepEqual(missed({}), []);
  });
});

describe('a moment', () => {
  it('has its day where that is another one', () => {
    const noon = new Date(2026, 10, 22, 12, 3, 7).getTime();
    assert.equal(moment(noon, noon + 3_600_000), '12:03:07');
    assert.equal(moment(noon, noon + 86_400_000), '2026-11-22 12:03:07');
  });
});

describe('an ordinal', () => {
  for (const text of [
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '102nd',
    '111th',
  ]) {
    it(`is written ${text}`, () => {
      assert.equal(ordinal(Number.parseInt(text, 10)), text);
    });
  }
});

describe('what an agent says when it stops', () => {
  const said = (step: 'closing' | 'destroying', inHand: number) =>
    view().stopping({ step, inHand }, 0)[0];

  it('counts what it finishes or drops', () => {
    assert.equal(said('closing', 0), '20:15:30 stopping');
    assert.match(said('closing', 1) ?? '', /finishing 1 exchange in hand; Ctrl-C again drops them/);
    assert.match(said('closing', 2) ?? '', /finishing 2 exchanges/);
    assert.equal(said('destroying', 2), '20:15:30 dropping 2 exchanges');
  });
});

describe('colour', () => {
  it('is for terminals of people who have not refused it', () => {
    assert.equal(styleFor(true, { TERM: 'xterm' }), COLOURED);
    assert.equal(styleFor(true, { NO_COLOR: '' }), COLOURED);
    assert.equal(styleFor(true, { NO_COLOR: '1' }), PLAIN);
    assert.equal(styleFor(true, { TERM: 'dumb' }), PLAIN);
    assert.equal(styleFor(false, {}), PLAIN);
  });
});

describe('a duration', () => {
  for (const [ms, text] of [
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.00 s'],
    [9994, '9.99 s'],
    [9995, '10.0 s'],
    [59_994, '60.0 s'],
    [59_995, '1 min 0 s'],
    [123_456, '2 min 3 s'],
  ] as const) {
    it(`of ${ms} ms is ${text}`, () => {
      assert.equal(duration(ms), text);
    });
  }
});
