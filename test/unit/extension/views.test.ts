import assert from 'node:assert/strict';
import { visibleText } from '../../../src/extension/base/visible.ts';
import { ageOf } from '../../../src/extension/views/age.ts';
import { durationText, sizeText } from '../../../src/shared/figures.ts';
import { requestViewHtml } from '../../../src/extension/views/request-view-html.ts';
import { rowLook } from '../../../src/extension/views/row-look.ts';

describe('figures for people', () => {
  it('are short for times', () => {
    assert.deepEqual([0, 34.4, 999, 1200, 59_900, 59_960, 125_000].map(durationText), [
      '0 ms',
      '34 ms',
      '999 ms',
      '1.2 s',
      '59.9 s',
      '1 min 0 s',
      '2 min 5 s',
    ]);
  });

  it('are short for sizes', () => {
    assert.deepEqual([0, 1023, 1024, 1_048_576, 5e9].map(sizeText), [
      '0 B',
      '1023 B',
      '1.0 KB',
      '1.0 MB',
      '4.7 GB',
    ]);
  });

  it('tell ages in the largest unit that fits', () => {
    const age = (seconds: number): unknown => ageOf(0, seconds * 1000);
    assert.deepEqual(age(-5), { unit: 'now' });
    assert.deepEqual(age(9), { unit: 'now' });
    assert.deepEqual(age(29), { unit: 'seconds', count: 20 });
    assert.deepEqual(age(120), { unit: 'minutes', count: 2 });
    assert.deepEqual(age(3 * 3600), { unit: 'hours', count: 3 });
    assert.deepEqual(age(49 * 3600), { unit: 'days', count: 2 });
  });
});

describe('a row of the list', () => {
  it('tells by its icon what became of the exchange', () => {
    const icon = (status: number): string => rowLook({ outcome: { kind: 'replied' }, status }).icon;
    assert.deepEqual([200, 302, 404, 500].map(icon), ['pass', 'arrow-right', 'warning', 'error']);
    assert.equal(rowLook({ outcome: { kind: 'open' } }).icon, 'loading~spin');
    const failed = { kind: 'failed', code: 'target_timeout', detail: '' } as const;
    assert.equal(rowLook({ outcome: failed }).icon, 'debug-disconnect');
  });
});

describe('text of the wire', () => {
  it('is read as UTF-8 where it is that', () => {
    const wire = (text: string): string => Buffer.from(text).toString('latin1');
    assert.equal(visibleText(wire('/café/日本')), '/café/日本');
    assert.equal(visibleText('/caf\xe9'), '/café');
  });

  it('shows what would hide or command', () => {
    assert.equal(visibleText('/a\u001b[31m\r\n'), '/a\u241b[31m\u240d\u240a');
    assert.equal(visibleText(Buffer.from('/\u202egpj').toString('latin1')), '/\ufffdgpj');
  });
});

describe('the page of the request view', () => {
  const page = requestViewHtml({
    script: 'https://x/main.js?a="b"',
    style: 'https://x/main.css',
    cspSource: 'https://x',
    nonce: 'abc',
    language: 'en',
  });

  it('forbids everything that it does not name', () => {
    const policy = /content="([^"]*)"/.exec(page)?.[1] ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'nonce-abc'(;|$)/);
    assert.match(policy, /img-src data:(;|$)/);
    assert.doesNotMatch(policy, /unsafe|\*/);
  });

  it('cannot be broken out of by an address', () => {
    assert.ok(page.includes('src="https://x/main.js?a=&quot;b&quot;"'));
  });
});
