import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { runUntilStopped, SAME_REQUEST_MS } from '../../src/stop.ts';

/** A service whose steps are settled by the test, and what happened to it so far. */
function service() {
  const log: string[] = [];
  const steps = { closed: () => {}, destroyed: () => {} };
  return {
    log,
    steps,
    close: () => {
      log.push('close');
      return new Promise<void>((resolve) => (steps.closed = resolve));
    },
    destroy: () => {
      log.push('destroy');
      return new Promise<void>((resolve) => (steps.destroyed = resolve));
    },
  };
}

describe('a service that runs until it is stopped', () => {
  let now = 0;
  let source: EventEmitter;
  let subject: ReturnType<typeof service>;
  const run = (ended?: Promise<unknown>) =>
    runUntilStopped(
      subject,
      source,
      (step) => subject.log.push(step),
      ended,
      () => now,
    );

  beforeEach(() => {
    now = 1000;
    source = new EventEmitter();
    subject = service();
  });

  for (const way of ['SIGINT', 'SIGTERM', 'disconnect']) {
    it(`closes on ${way}, saying so before`, async () => {
      const end = run();
      source.emit(way);
      subject.steps.closed();
      assert.equal(await end, 'closed');
      assert.deepEqual(subject.log, ['closing', 'close']);
    });
  }

  it('is destroyed by a second signal', async () => {
    const end = run();
    source.emit('SIGINT');
    now += SAME_REQUEST_MS;
    source.emit('SIGTERM');
    subject.steps.closed();
    assert.equal(await end, 'destroyed');
    assert.deepEqual(subject.log, ['closing', 'close', 'destroying', 'destroy']);
  });

  it('takes a signal that comes at once again for the same one', async () => {
    const end = run();
    source.emit('SIGINT');
    now += SAME_REQUEST_MS - 1;
    source.emit('SIGINT');
    subject.steps.closed();
    assert.equal(await end, 'closed');
  });

  it('is destroyed but once', async () => {
    const end = run();
    for (let time = 0; time < 4; time++) {
      source.emit('SIGINT');
      now += SAME_REQUEST_MS;
    }
    subject.steps.destroyed();
    assert.equal(await end, 'destroyed');
    assert.equal(subject.log.filter((entry) => entry === 'destroy').length, 1);
  });

  it('is not destroyed since its parent goes away while it closes', async () => {
    const end = run();
    source.emit('SIGTERM');
    now += 10 * SAME_REQUEST_MS;
    source.emit('disconnect');
    subject.steps.closed();
    assert.equal(await end, 'closed');
  });

  it('may end by itself', async () => {
    assert.equal(await run(Promise.resolve()), 'ended');
    assert.deepEqual(subject.log, []);
  });

  it('that ends while it closes was closed', async () => {
    let finish = () => {};
    const end = run(new Promise<void>((resolve) => (finish = resolve)));
    source.emit('SIGINT');
    finish();
    subject.steps.closed();
    assert.equal(await end, 'closed');
  });

  it('leaves no listener behind', async () => {
    await run(Promise.resolve());
    assert.deepEqual(source.eventNames(), []);
  });
});
