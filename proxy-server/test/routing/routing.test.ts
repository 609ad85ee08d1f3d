import assert from 'node:assert/strict';
import type { ResponseHead } from '../../src/protocol/index.ts';
import {
  type Caller,
  Exchange,
  type ExchangeEnd,
  newId,
  type RequestBody,
  systemClock,
} from '../../src/routing/index.ts';

const NO_BODY: RequestBody = {
  form: { kind: 'none' },
  bytes: Buffer.alloc(0),
  finished: true,
  stream: () => false,
  tee: () => undefined,
  onReady: () => undefined,
  resume: () => undefined,
  discard: () => undefined,
};

const HEAD: ResponseHead = { id: newId(), status: 200, reason: 'OK', fields: [] };

/** A caller that notes what it is given. */
class NotedCaller implements Caller {
  readonly notes: string[] = [];
  takes = true;

  #note(what: string): boolean {
    this.notes.push(what);
    return this.takes;
  }

  inform = () => void this.#note('inform');
  respond = () => this.#note('respond');
  start = () => this.#note('start');
  write = () => this.#note('write');
  onDrain = (callback: () => void) => callback();
  end = () => this.#note('end');
  breakOff = () => void this.#note('break off');
  accept = () => void this.#note('accept');
  fail = ({ code }: { code: string }) => void this.#note(`fail ${code}`);
}

describe('an exchange', () => {
  let caller: NotedCaller;
  let exchange: Exchange;
  let ends: ExchangeEnd[];

  beforeEach(() => {
    caller = new NotedCaller();
    exchange = new Exchange({
      id: newId(),
      code: 'orders',
      head: { method: 'GET', target: '/', httpVersion: '1.1', caller: '::1', fields: [] },
      body: NO_BODY,
      caller,
      receivedAt: 0,
      patienceMs: 1,
    });
    ends = [];
    exchange.onEnd((end) => ends.push(end));
  });

  const PROBLEM = { code: 'response_timeout', detail: '' } as const;
  const ENDS: Readonly<Record<string, readonly [(one: Exchange) => unknown, ExchangeEnd]>> = {
    'a whole answer': [(one) => one.respond(HEAD, Buffer.alloc(0)), { kind: 'answered' }],
    'an answer in pieces': [(one) => one.start(HEAD) && one.finishAnswer([]), { kind: 'answered' }],
    'a failure': [(one) => one.fail(PROBLEM), { kind: 'failed', code: 'response_timeout' }],
    'a failure in the middle of an answer': [
      (one) => one.start(HEAD) && one.fail(PROBLEM),
      { kind: 'failed', code: 'response_timeout' },
    ],
    'its acceptance': [(one) => one.accept(), { kind: 'accepted' }],
    'the caller’s departure': [(one) => one.left(), { kind: 'gone', reason: 'caller_gone' }],
  };

  for (const [what, [end, expected]] of Object.entries(ENDS)) {
    it(`ends once with ${what}, whatever comes after`, () => {
      end(exchange);
      assert.deepEqual(ends, [expected]);
      assert.equal(exchange.ended, true);
      const { length } = caller.notes;
      assert.equal(exchange.respond(HEAD, Buffer.alloc(0)), false);
      assert.equal(exchange.start(HEAD), false);
      assert.equal(exchange.finishAnswer([]), false);
      assert.equal(exchange.accept(), false);
      assert.equal(exchange.fail(PROBLEM), false);
      exchange.inform(HEAD);
      exchange.left();
      assert.equal(exchange.write(Buffer.alloc(1)), true);
      assert.equal(caller.notes.length, length, 'the caller hears nothing more');
      assert.equal(ends.length, 1);
    });
  }

  it('tells of its end at once to who asks too late', () => {
    exchange.accept();
    exchange.onEnd((end) => ends.push(end));
    assert.deepEqual(ends, [{ kind: 'accepted' }, { kind: 'accepted' }]);
  });

  it('breaks the connection off for a failure once an answer has begun', () => {
    exchange.start(HEAD);
    exchange.fail(PROBLEM);
    assert.deepEqual(caller.notes, ['start', 'break off']);
  });

  it('takes no second answer while one is under way', () => {
    exchange.start(HEAD);
    assert.equal(exchange.open, false);
    assert.equal(exchange.ended, false);
    assert.equal(exchange.respond(HEAD, Buffer.alloc(0)), false);
    assert.equal(exchange.accept(), false);
    assert.deepEqual(ends, []);
  });

  it('fails as agent_misbehaved for a head that the caller cannot be given', () => {
    caller.takes = false;
    assert.equal(exchange.respond(HEAD, Buffer.alloc(0)), false);
    assert.deepEqual(caller.notes, ['respond', 'fail agent_misbehaved']);
    assert.deepEqual(ends, [{ kind: 'failed', code: 'agent_misbehaved' }]);
  });

  it('fails as agent_misbehaved for a body that is not as long as it had to be', () => {
    exchange.start(HEAD);
    caller.takes = false;
    assert.equal(exchange.finishAnswer([]), false);
    assert.deepEqual(caller.notes, ['start', 'end', 'break off']);
    assert.deepEqual(ends, [{ kind: 'failed', code: 'agent_misbehaved' }]);
  });
});

describe('a new id', () => {
  it('is 32 hexadecimal digits, never the same twice', () => {
    const ids = new Set(Array.from({ length: 2_000 }, newId));
    assert.equal(ids.size, 2_000);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  });
});

describe('the system’s clock', () => {
  it('calls back unless that is cancelled, and starts the time over when asked', async () => {
    const called: string[] = [];
    const cancelled = systemClock.after(1, () => called.push('cancelled'));
    cancelled.cancel();
    const before = systemClock.monotonic();
    await new Promise<void>((resolve) => {
      const timer = systemClock.after(1, () => {
        called.push('called');
        if (called.length < 2) timer.refresh();
        else resolve();
      });
      // The timer does not keep the process alive; this does.
      setTimeout(resolve, 1_000).ref();
    });
    assert.deepEqual(called, ['called', 'called']);
    assert.ok(systemClock.monotonic() >= before);
  });
});
