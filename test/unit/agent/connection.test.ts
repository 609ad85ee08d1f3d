import assert from 'node:assert/strict';
import { reconnectPause, targetPause } from '../../../src/agent/backoff.ts';
import {
  type Connection,
  type ConnectionEvent,
  INITIAL_CONNECTION,
  moveConnection,
} from '../../../src/agent/connection.ts';
import { type ConnectionState, describeState } from '../../../src/agent/state.ts';
import type { Trouble } from '../../../src/agent/trouble.ts';

const TROUBLE: Trouble = { code: 'proxy_unreachable', message: 'connection refused' };
const URLS = ['http://p/forward/orders/'] as const;

const connected = (at: number): ConnectionEvent => ({ type: 'connected', at, publicUrls: URLS });
const failed = (at: number, final = false): ConnectionEvent => ({
  type: 'failed',
  at,
  trouble: TROUBLE,
  final,
  pause: (attempt) => attempt * 1_000,
});

function moved(...events: readonly ConnectionEvent[]): Connection {
  return events.reduce(moveConnection, INITIAL_CONNECTION);
}

const retrying = (attempt: number, at: number): ConnectionState => ({
  kind: 'retrying',
  attempt,
  delayMs: attempt * 1_000,
  until: at + attempt * 1_000,
  trouble: TROUBLE,
});

describe('a connection', () => {
  it('is idle at first', () => {
    assert.deepEqual(INITIAL_CONNECTION, { state: { kind: 'idle' }, attempts: 0 });
  });

  const CONNECT: ConnectionEvent = { type: 'connect' };
  const STOP: ConnectionEvent = { type: 'stop' };
  const LIVE: ConnectionState = { kind: 'live', since: 7, publicUrls: URLS };
  const STOPPED: ConnectionState = { kind: 'stopped' };
  const FAILED: ConnectionState = { kind: 'stopped', trouble: TROUBLE };

  const MOVES: readonly (readonly [string, readonly ConnectionEvent[], ConnectionState, number])[] =
    [
      ['connects', [CONNECT], { kind: 'connecting', attempt: 1 }, 1],
      ['goes live', [CONNECT, connected(7)], LIVE, 1],
      ['pauses after an attempt that failed', [CONNECT, failed(9)], retrying(2, 9), 1],
      [
        'counts attempts in a row',
        [CONNECT, failed(1), CONNECT, failed(2), CONNECT],
        { kind: 'connecting', attempt: 3 },
        3,
      ],
      [
        'pauses longer each time',
        [CONNECT, failed(1), CONNECT, failed(2), CONNECT, failed(3)],
        retrying(4, 3),
        3,
      ],
      [
        'goes on counting when it was live for less than it takes to be steady',
        [CONNECT, failed(0), CONNECT, connected(0), failed(4_999)],
        retrying(3, 4_999),
        2,
      ],
      [
        'counts anew once it was live for long enough to be steady',
        [CONNECT, failed(0), CONNECT, connected(0), failed(5_000)],
        retrying(1, 5_000),
        0,
      ],
      [
        'begins with the first attempt again after a steady connection',
        [CONNECT, connected(0), failed(5_000), CONNECT],
        { kind: 'connecting', attempt: 1 },
        1,
      ],
      [
        'connects anew while it is live',
        [CONNECT, connected(7), CONNECT],
        { kind: 'connecting', attempt: 2 },
        2,
      ],
      ['stops for good at a final failure', [CONNECT, failed(1, true)], FAILED, 1],
      [
        'stops for good at a final failure while live',
        [CONNECT, connected(7), failed(8, true)],
        FAILED,
        1,
      ],
      ['stops by request before it began', [STOP], STOPPED, 0],
      ['stops by request while it connects', [CONNECT, STOP], STOPPED, 1],
      ['stops by request while it is live', [CONNECT, connected(7), STOP], STOPPED, 1],
      ['stops by request while it pauses', [CONNECT, failed(1), STOP], STOPPED, 1],
    ];
  for (const [what, events, state, attempts] of MOVES) {
    it(what, () => assert.deepEqual(moved(...events), { state, attempts }));
  }

  for (const end of [STOP, failed(1, true)]) {
    it(`stays as it is after it stopped by ${end.type}`, () => {
      const stopped = moved(CONNECT, end);
      for (const event of [CONNECT, connected(5), failed(6), failed(6, true), STOP]) {
        assert.equal(moveConnection(stopped, event), stopped);
      }
    });
  }

  it('is replaced, never changed', () => {
    const before = Object.freeze(moved(CONNECT, connected(7)));
    Object.freeze(before.state);
    moveConnection(before, failed(8));
    assert.deepEqual(before.state, LIVE);
  });
});

describe('the pause before the proxy is tried again', () => {
  it('doubles up to its cap, and is spread over the whole of it by chance', () => {
    const highest = [1, 2, 3, 4, 5, 6, 100, 1e9].map((attempt) => reconnectPause(attempt, 1));
    assert.deepEqual(highest, [200, 400, 800, 1_600, 2_500, 2_500, 2_500, 2_500]);
    assert.equal(reconnectPause(3, 0), 0);
    assert.equal(reconnectPause(3, 0.25), 200);
    assert.equal(reconnectPause(1_000, 0.5), 1_250);
  });
});

describe('the pause before the target is tried again', () => {
  it('doubles from 0.1 s up to 2 s', () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 2_000].map(targetPause), [
      ...[100, 200, 400, 800, 1_600, 2_000, 2_000],
    ]);
  });
});

describe('a state in a line', () => {
  const LINES: readonly (readonly [ConnectionState, string])[] = [
    [{ kind: 'idle' }, 'idle'],
    [{ kind: 'connecting', attempt: 4 }, 'connecting'],
    [{ kind: 'live', since: 1, publicUrls: URLS }, 'live'],
    [
      { ...retrying(2, 0), delayMs: 2_600 } as ConnectionState,
      'retrying in 3 s: connection refused',
    ],
    [{ ...retrying(2, 0), delayMs: 3 } as ConnectionState, 'retrying in 1 s: connection refused'],
    [{ kind: 'stopped' }, 'stopped'],
    [{ kind: 'stopped', trouble: TROUBLE }, 'stopped: connection refused'],
  ];
  for (const [state, line] of LINES) {
    it(`is "${line}"`, () => assert.equal(describeState(state), line));
  }
});
