import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { visibleText } from '../../../src/extension/base/visible.ts';
import { ageOf } from '../../../src/extension/views/age.ts';
import { durationText, ordinal, sizeText, spanText } from '../../../src/shared/figures.ts';
import { requestViewHtml } from '../../../src/extension/views/request-view-html.ts';
import { momentText } from '../../../src/extension/views/moment.ts';
import { Questions } from '../../../src/extension/views/questions.ts';
import { queuedLook } from '../../../src/extension/views/queued-look.ts';
import { rowLook } from '../../../src/extension/views/row-look.ts';
import { entry } from './queue-helpers.ts';

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

describe('figures of a queue', () => {
  it('tell lengths of time in their largest unit', () => {
    const seconds = [-1, 59, 60, 720, 3600, 47 * 3600, 48 * 3600];
    assert.deepEqual(
      seconds.map((count) => spanText(count * 1000)),
      ['0 s', '59 s', '1 min', '12 min', '1 h', '47 h', '2 days'],
    );
  });

  it('tell which delivery it is', () => {
    const words = ['1st', '2nd', '3rd', '4th', '11th', '21st', '22nd'];
    assert.deepEqual([1, 2, 3, 4, 11, 21, 22].map(ordinal), words);
  });

  it('tell a moment by the time of day, and by the day where that was another', () => {
    const now = new Date(2026, 4, 20, 15, 0).getTime();
    const at = (day: number, hour: number): string =>
      momentText(new Date(2026, 4, day, hour, 3).getTime(), now, 'en-GB');
    assert.equal(at(20, 12), '12:03');
    assert.match(at(19, 23), /^Tue.*23:03$/);
    assert.match(at(2, 8), /^2 May.*8:03$/);
  });
});

describe('a row of the queue', () => {
  it('tells by its icon how the request stands', () => {
    const look = (more: Parameters<typeof entry>[1], stale = false): string =>
      queuedLook(entry(1, more), stale).icon;
    assert.equal(look({}), 'circle-outline');
    assert.equal(look({ attempts: 2 }), 'history');
    assert.equal(look({ state: 'dead', attempts: 16 }), 'error');
    assert.equal(look({ state: 'dead' }, true), 'warning');
    assert.equal(look({ state: 'delivering' }, true), 'loading~spin');
  });
});

describe('questions to the user', () => {
  /** A question with its answer to come. */
  function open(): { question: () => Promise<string>; answer: (text: string) => void } {
    let answer: (text: string) => void = () => undefined;
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    return { question: () => answered, answer };
  }

  it('come one after the other, whatever became of the one before', async () => {
    const questions = new Questions();
    const { question, answer } = open();
    const first = questions.ask(question);
    let asked = false;
    const second = questions.ask(() => {
      asked = true;
      return Promise.reject(new Error('closed'));
    });
    const third = questions.ask(() => Promise.resolve('third'));
    await setImmediate();
    assert.equal(asked, false);
    answer('first');
    assert.equal(await first, 'first');
    await assert.rejects(second, /closed/);
    assert.equal(await third, 'third');
  });

  it('wait for one that cannot wait itself', async () => {
    const questions = new Questions();
    const patient = open();
    const urgent = open();
    void questions.ask(patient.question);
    const answered = questions.askNow(urgent.question);
    let asked = false;
    const last = questions.ask(() => {
      asked = true;
      return Promise.resolve('last');
    });
    urgent.answer('urgent');
    assert.equal(await answered, 'urgent');
    assert.equal(asked, false);
    patient.answer('patient');
    assert.equal(await last, 'last');
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
