import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { onHangUp } from '../../src/hang-up.ts';

describe('a hang-up signal', () => {
  const hangUp = (before: readonly number[], after: readonly number[]): string[] => {
    const source = new EventEmitter();
    const done: string[] = [];
    let terminals = before;
    const actions = { reload: () => done.push('reload'), stop: () => done.push('stop') };
    const end = onHangUp(source, actions, (descriptor) => terminals.includes(descriptor));
    source.emit('SIGHUP');
    terminals = after;
    source.emit('SIGHUP');
    end();
    assert.equal(source.listenerCount('SIGHUP'), 0);
    return done;
  };

  it('has the files read again, each time', () => {
    assert.deepEqual(hangUp([], []), ['reload', 'reload']);
    assert.deepEqual(hangUp([0, 1, 2], [0, 1, 2]), ['reload', 'reload']);
  });

  it('stops the program if its terminal is gone', () => {
    assert.deepEqual(hangUp([0, 1, 2], []), ['reload', 'stop']);
    assert.deepEqual(hangUp([0], []), ['reload', 'stop']);
  });
});
