import assert from 'node:assert/strict';
import type { ConnectionState, ExchangeOutcome } from '../../../src/agent/index.ts';
import { COLOURED, PLAIN, styleFor } from '../../../src/cli/view/style.ts';
import { duration, textView } from '../../../src/cli/view/text-view.ts';
import { exchange } from './events.ts';

const ESCAPE = '\u001b[';

function view({ style = PLAIN, columns }: { style?: typeof PLAIN; columns?: number } = {}) {
  return textView({ style, columns: () => columns, timeOfDay: () => '20:15:30' });
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
