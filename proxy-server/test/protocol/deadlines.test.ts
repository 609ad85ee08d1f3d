import assert from 'node:assert/strict';
import { type Deadline, Deadlines } from '../../src/protocol/index.ts';
import { deadlineTime } from '../../src/routing/index.ts';
import { FakeClock } from '../support/clock.ts';

describe('deadlines', () => {
  let clock: FakeClock;
  let expired: { item: string; at: number }[];
  let began: number;

  beforeEach(() => {
    clock = new FakeClock();
    expired = [];
    began = clock.monotonic();
  });

  function make(ms: number, onExpired: (item: string) => void = () => undefined) {
    return new Deadlines<string>(deadlineTime(clock), ms, (item) => {
      expired.push({ item, at: clock.monotonic() - began });
      onExpired(item);
    });
  }

  const items = (): string[] => expired.map(({ item }) => item);

  it('expire in the order in which they were added', () => {
    const deadlines = make(100);
    for (const item of ['a', 'b', 'c']) {
      deadlines.add(item);
      clock.advance(1);
    }
    clock.advance(200);
    assert.deepEqual(items(), ['a', 'b', 'c']);
  });

  for (const ms of [6, 100, 5_000, 120_000]) {
    it(`of ${ms} ms are never early, and late by a tick at most`, () => {
      const tick = Math.max(4, Math.min(ms / 8, 250));
      const deadlines = make(ms);
      const added = [0, 1, 3, ms / 3, ms / 2];
      for (const at of added) {
        clock.advance(began + at - clock.monotonic());
        deadlines.add(String(at));
      }
      clock.advance(2 * ms);
      assert.deepEqual(items(), added.map(String));
      for (const { item, at } of expired) {
        const late = at - (Number(item) + ms);
        assert.ok(late >= 0 && late <= tick, `added at ${item}: ${late} ms late`);
      }
    });
  }

  it('have all their time once more when they begin anew, whether pending, removed or over', () => {
    const deadlines = make(100);
    const [first, second, third] = ['a', 'b', 'c'].map((item) => deadlines.add(item)) as [
      Deadline<string>,
      Deadline<string>,
      Deadline<string>,
    ];
    clock.advance(60);
    deadlines.restart(first);
    deadlines.remove(second);
    clock.advance(60);
    assert.deepEqual(items(), ['c']);
    deadlines.restart(second);
    deadlines.restart(third);
    clock.advance(60);
    assert.deepEqual(items(), ['c', 'a']);
    clock.advance(60);
    assert.deepEqual(items(), ['c', 'a', 'b', 'c']);
  });

  it('that were removed do not expire, be they first, in the middle or last', () => {
    const deadlines = make(100);
    const added = ['a', 'b', 'c', 'd', 'e'].map((item) => deadlines.add(item));
    for (const at of [0, 2, 4]) deadlines.remove(added[at] as Deadline<string>);
    clock.advance(200);
    assert.deepEqual(items(), ['b', 'd']);
  });

  it('may be removed twice, and after they expired', () => {
    const deadlines = make(100);
    const [a, b] = [deadlines.add('a'), deadlines.add('b')];
    deadlines.remove(a);
    deadlines.remove(a);
    clock.advance(200);
    deadlines.remove(b);
    deadlines.add('c');
    deadlines.remove(b);
    clock.advance(200);
    assert.deepEqual(items(), ['b', 'c']);
  });

  it('may be removed by another one that expires in the same moment', () => {
    const deadlines = make(100, (item) => {
      if (item === 'a') deadlines.remove(b);
    });
    deadlines.add('a');
    const b = deadlines.add('b');
    deadlines.add('c');
    clock.advance(200);
    assert.deepEqual(items(), ['a', 'c']);
  });

  it('may be added while one expires, and get the whole time', () => {
    const deadlines = make(100, (item) => {
      if (item === 'a') deadlines.add('again');
    });
    deadlines.add('a');
    clock.advance(150);
    assert.deepEqual(items(), ['a']);
    clock.advance(100);
    assert.deepEqual(items(), ['a', 'again']);
    const [first, second] = expired;
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 100);
  });

  it('go on after they have been empty for long', () => {
    const deadlines = make(100);
    deadlines.remove(deadlines.add('a'));
    clock.advance(10_000);
    deadlines.add('b');
    clock.advance(99);
    assert.deepEqual(items(), []);
    clock.advance(50);
    assert.deepEqual(items(), ['b']);
  });

  it('all expire together after a long silence of the clock', () => {
    const deadlines = make(100);
    for (let count = 0; count < 1000; count += 1) deadlines.add(String(count));
    clock.advance(3_600_000);
    assert.equal(expired.length, 1000);
  });
});
