import assert from 'node:assert/strict';
import { type JsonNode, parseJson } from '../../../src/webview/json-parse.ts';

/** The text of a value again, without white space. */
function write(node: JsonNode): string {
  if (!('entries' in node)) return node.text;
  const items = node.entries.map(({ key, value }) =>
    key === undefined ? write(value) : `${key}:${write(value)}`,
  );
  return node.type === 'object' ? `{${items.join(',')}}` : `[${items.join(',')}]`;
}

describe('reading JSON as it is written', () => {
  it('keeps long numbers, escapes, double keys, and their order', () => {
    const text =
      '{"10":1,"9":12345678901234567890.10,"9":-1e+400,"\\u0061":"\\"\\n","e":{},"l":[[],null,true]}';
    const parsed = parseJson(` ${text.replaceAll(',', ' ,\n')} `);
    assert.equal(parsed?.complete, true);
    assert.equal(write(parsed.root), text);
  });

  it('takes any value at the top', () => {
    for (const text of ['"x"', '0', '-1.5e3', 'true', 'null', '[]', '{}']) {
      const parsed = parseJson(text);
      assert.ok(parsed?.complete === true, text);
      assert.equal(write(parsed.root), text);
    }
  });

  it('refuses what is not JSON, as JSON.parse does', () => {
    const wrong = [
      '',
      ' ',
      '{a:1}',
      "{'a':1}",
      '{"a" 1}',
      '{"a":1,}',
      '[1,]',
      '[1 2]',
      '[,1]',
      '{"a":1}}',
      '1 2',
      '01',
      '+1',
      '.5',
      'nul',
      '"\n"',
      '"\\x"',
      '{"a":]',
      ']',
      'undefined',
    ];
    for (const text of wrong) {
      assert.throws(() => JSON.parse(text), text);
      const parsed = parseJson(text);
      assert.ok(parsed === undefined || !parsed.complete, text);
    }
  });

  it('gives what is there of a text that was cut, wherever that was', () => {
    const text = '{"a":[1,true,"x\\"y"],"b":{"c":null},"d":-1.5}';
    for (let end = 1; end < text.length; end++) {
      const parsed = parseJson(text.slice(0, end));
      assert.ok(parsed !== undefined, text.slice(0, end));
      assert.equal(parsed.complete, false, text.slice(0, end));
    }
  });

  it('is not troubled by nesting', () => {
    const parsed = parseJson('['.repeat(100_000) + ']'.repeat(100_000));
    assert.equal(parsed?.complete, true);
  });
});
