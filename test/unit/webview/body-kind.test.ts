import assert from 'node:assert/strict';
import { bodyKind } from '../../../src/webview/body-kind.ts';
import { boundaryOf, parseForm, parseMultipart } from '../../../src/webview/forms.ts';
import { HEX_LIMIT, hexLines } from '../../../src/webview/hex.ts';
import { visible, visibleLatin1 } from '../../../src/webview/visible.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const kindOf = (text: string, type: string, cut = false): string =>
  bodyKind(bytes(text), type, cut).kind;

describe('what a body is', () => {
  it('is JSON by its type, or by its looks where the type says nothing', () => {
    assert.equal(kindOf('{"a":1}', 'application/json; charset=utf-8'), 'json');
    assert.equal(kindOf('"x"', 'application/problem+json'), 'json');
    assert.equal(kindOf(' [1]', ''), 'json');
    assert.equal(kindOf('[1]', 'text/plain'), 'json');
    assert.equal(kindOf('1', 'text/plain'), 'text');
    assert.equal(kindOf('{"a":1}', 'text/html'), 'text');
  });

  it('is text if it only claims to be JSON, and what there is of JSON that was cut', () => {
    assert.equal(kindOf('{oops', 'application/json'), 'text');
    assert.equal(kindOf('{"a":[1,', 'application/json'), 'text');
    assert.equal(kindOf('{"a":[1,', 'application/json', true), 'json');
  });

  it('is an image only with the bytes of one, and never SVG', () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10);
    assert.equal(bodyKind(png, 'image/png', false).kind, 'image');
    assert.equal(bodyKind(png, 'image/png', true).kind, 'binary');
    assert.equal(bodyKind(png, 'image/jpeg', false).kind, 'binary');
    assert.equal(kindOf('<script>1</script>', 'image/png'), 'text');
    const svg = bodyKind(bytes('<svg onload="x"/>'), 'image/svg+xml', false);
    assert.ok(svg.kind === 'text' && svg.label === 'SVG');
  });

  it('is binary if it is no text in its charset', () => {
    assert.equal(bodyKind(Uint8Array.of(0xff, 0xfe, 0), 'text/plain', false).kind, 'binary');
    assert.equal(bodyKind(Uint8Array.of(65, 0, 66), '', false).kind, 'binary');
    const latin = bodyKind(Uint8Array.of(0x63, 0xe9), 'text/plain; charset=iso-8859-1', false);
    assert.ok(latin.kind === 'text' && latin.text === 'cé');
    assert.equal(bodyKind(bytes('é'), 'text/plain; charset=klingon', false).kind, 'text');
  });

  it('stays text if it was cut in the middle of a character', () => {
    const cut = bytes('aé').subarray(0, 2);
    const kind = bodyKind(cut, 'text/plain', true);
    assert.ok(kind.kind === 'text' && kind.text === 'a');
    assert.equal(bodyKind(cut, 'text/plain', false).kind, 'binary');
  });
});

describe('forms', () => {
  it('are decoded, with doubles, empty values, and what is not valid', () => {
    assert.deepEqual(parseForm('a=1&a=2+3&b=%C3%A9%26&c&=x&d=%zz&&e=a=b'), [
      { name: 'a', value: '1' },
      { name: 'a', value: '2 3' },
      { name: 'b', value: 'é&' },
      { name: 'c', value: '' },
      { name: '', value: 'x' },
      { name: 'd', value: '%zz' },
      { name: 'e', value: 'a=b' },
    ]);
  });

  const multipart = [
    '--xyz',
    'Content-Disposition: form-data; name="note"',
    '',
    'two\r\nlines',
    '--xyz',
    'content-disposition: form-data; name="file"; filename="a \\"b\\".png"',
    'Content-Type: image/png',
    '',
    '\u0000binary',
    '--xyz--',
    '',
  ].join('\r\n');

  it('in several parts are told apart', () => {
    assert.equal(boundaryOf('multipart/form-data; charset=x; boundary="x y z"'), 'x y z');
    assert.equal(boundaryOf('multipart/form-data; boundary=xyz; a=b'), 'xyz');
    assert.equal(boundaryOf('multipart/form-data'), undefined);
    const parts = parseMultipart(bytes(multipart), 'xyz') ?? [];
    assert.deepEqual(
      parts.map(({ name, fileName, contentType, complete }) => [
        name,
        fileName,
        contentType,
        complete,
      ]),
      [
        ['note', undefined, '', true],
        ['file', 'a "b".png', 'image/png', true],
      ],
    );
    assert.equal(new TextDecoder().decode(parts[0]?.bytes), 'two\r\nlines');
    assert.equal(parts[1]?.bytes.length, 7);
  });

  it('in several parts may be cut, empty or broken', () => {
    const cut = parseMultipart(bytes(multipart.slice(0, -12)), 'xyz');
    assert.equal(cut?.length, 2);
    assert.equal(cut[1]?.complete, false);
    assert.deepEqual(parseMultipart(bytes('--xyz--\r\n'), 'xyz'), []);
    assert.equal(parseMultipart(bytes('nothing'), 'xyz'), undefined);
  });
});

describe('showing text as it is', () => {
  it('makes visible what hides, reorders or commands', () => {
    assert.equal(visible('a\u001b[2Jb\r\nc\td\u0000'), 'a\u241b[2Jb\nc\td\u2400');
    assert.equal(visible('\u202egpj.exe\u200b'), '⟨U+202E⟩gpj.exe⟨U+200B⟩');
    assert.equal(visible('日本 é 😀'), '日本 é 😀');
  });

  it('reads header values as UTF-8 where they are that', () => {
    assert.equal(visibleLatin1('caf\xc3\xa9'), 'café');
    assert.equal(visibleLatin1('caf\xe9'), 'café');
  });
});

describe('hex', () => {
  it('has eight bytes in a line, and an end', () => {
    assert.equal(
      hexLines(bytes('ABCDEFGHI')),
      '0000  41 42 43 44 45 46 47 48  ABCDEFGH\n0008  49                       I',
    );
    assert.equal(hexLines(new Uint8Array(HEX_LIMIT * 2)).split('\n').length, HEX_LIMIT / 8);
  });
});
