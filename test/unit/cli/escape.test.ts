import assert from 'node:assert/strict';
import { shorten, visible, visibleBytes, visibleJson } from '../../../src/cli/view/escape.ts';

/** All of what a terminal may act on. */
const ACTIVE = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

describe('text from the network', () => {
  it('is shown as it is where it is text', () => {
    const text = 'Größe 100 %, “naïve” 日本 🚢 \\ back';
    assert.equal(visible(text), text);
  });

  it('cannot move the cursor, set the title or turn the line around', () => {
    assert.equal(
      visible('a\u001b[2Jb\rc\nd\u0007\u202ee'),
      'a\\u001b[2Jb\\u000dc\\u000ad\\u0007\\u202ee',
    );
  });

  it('has its lone surrogates shown by number, pairs as they are', () => {
    assert.equal(visible('\ud83d \ude80 \ud83d\ude80'), '\\ud83d \\ude80 \ud83d\ude80');
  });

  it('has not one active character left of the first 65,536', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join(' ');
    assert.doesNotMatch(visible(all), ACTIVE);
    assert.doesNotMatch(visibleJson(all), ACTIVE);
  });

  it('as bytes is printable ASCII', () => {
    assert.equal(visibleBytes('/caf\u00c3\u00a9\u009b/\u001b~ '), '/caf\\xc3\\xa9\\x9b/\\x1b~ ');
  });

  it('as JSON is the same once it is parsed', () => {
    const value = { text: 'a\u001b\u009b\u2028\u202e"\\' };
    assert.deepEqual(JSON.parse(visibleJson(value)), value);
  });
});

describe('shortening', () => {
  it('leaves alone what fits', () => {
    assert.equal(shorten('/abcdefgh', 9), '/abcdefgh');
  });

  it('takes out the middle, and is never wider than allowed', () => {
    assert.equal(shorten('/aaaaaaaaaaaa/end', 10), '/aaaaa…end');
    for (let width = 1; width < 30; width++) {
      assert(shorten('/a/path/of/some/length/to/cut', width).length <= width, String(width));
    }
  });
});
