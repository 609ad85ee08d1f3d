import assert from 'node:assert/strict';
import type { Outcome } from '../../../src/shared/request-view.ts';
import { verdict } from '../../../src/webview/outcome.ts';
import { target } from '../../../src/webview/tabs.ts';

const response = (
  status: number,
): { status: number; reason: string; fields: []; trailers: [] } => ({
  status,
  reason: '',
  fields: [],
  trailers: [],
});

describe('the verdict on an exchange', () => {
  it('is the status where there is one', () => {
    const tone = (status: number): string =>
      verdict({ outcome: { kind: 'replied' }, response: response(status) }).tone;
    assert.deepEqual([204, 301, 404, 503].map(tone), ['good', 'quiet', 'warn', 'bad']);
  });

  it('says what went wrong, and nothing where nothing did', () => {
    const problems: [Outcome, RegExp | undefined][] = [
      [{ kind: 'replied' }, undefined],
      [{ kind: 'open' }, undefined],
      [{ kind: 'kept' }, /had 202/],
      [{ kind: 'copied' }, /was a copy/],
      [
        { kind: 'failed', code: 'target_unreachable', detail: 'refused by :3000' },
        /refused by :3000/,
      ],
      [{ kind: 'cancelled', reason: 'caller_gone' }, /caller left/],
      [{ kind: 'cancelled', reason: 'response_timeout' }, /longer/],
      [{ kind: 'interrupted' }, /editor closed/],
      [{ kind: 'undelivered', detail: 'gone' }, /gone/],
    ];
    for (const [outcome, problem] of problems) {
      const said = verdict({ outcome }).problem;
      if (problem === undefined) assert.equal(said, undefined);
      else assert.match(said ?? '', problem);
    }
  });
});

describe('keys on tabs', () => {
  it('move round', () => {
    assert.equal(target('ArrowRight', 2, 3), 0);
    assert.equal(target('ArrowLeft', 0, 3), 2);
    assert.equal(target('Home', 2, 3), 0);
    assert.equal(target('End', 0, 3), 2);
    assert.equal(target('a', 0, 3), undefined);
  });
});
