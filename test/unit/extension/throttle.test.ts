import assert from 'node:assert/strict';
import { Disposables } from '../../../src/extension/base/disposables.ts';
import { Throttle } from '../../../src/extension/base/throttle.ts';
import { Signal } from '../../../src/extension/base/signal.ts';

describe('a throttle', () => {
  let pending: (() => void) | undefined;
  let runs: number;
  let throttle: Throttle;
  const tick = (): void => {
    const run = pending;
    pending = undefined;
    run?.();
  };

  beforeEach(() => {
    runs = 0;
    pending = undefined;
    throttle = new Throttle(
      () => {
        runs++;
      },
      100,
      {
        set: (run) => {
          pending = run;
          return 1;
        },
        clear: () => {
          pending = undefined;
        },
      },
    );
  });

  it('runs at once, and once more for all requests until its time is over', () => {
    for (let count = 0; count < 10_000; count++) throttle.request();
    assert.equal(runs, 1);
    tick();
    assert.equal(runs, 2);
    tick();
    assert.equal(runs, 2);
    throttle.request();
    assert.equal(runs, 3);
  });

  it('does nothing after it was disposed of', () => {
    throttle.request();
    throttle.request();
    throttle.dispose();
    tick();
    throttle.request();
    assert.equal(runs, 1);
  });
});

describe('owned disposables', () => {
  it('go last first, and at once where they come too late', () => {
    const order: number[] = [];
    const one = (number: number): { dispose(): void } => ({ dispose: () => order.push(number) });
    const owned = new Disposables();
    owned.add(one(1));
    owned.add(one(2));
    owned.dispose();
    owned.add(one(3));
    assert.deepEqual(order, [2, 1, 3]);
  });
});

describe('a signal', () => {
  it('reaches those that listen when it is fired', () => {
    const signal = new Signal<number>();
    const heard: number[] = [];
    const listener = signal.on((value) => {
      heard.push(value);
      listener.dispose();
    });
    signal.on((value) => heard.push(value * 10));
    signal.fire(1);
    signal.fire(2);
    assert.deepEqual(heard, [1, 10, 20]);
  });
});
