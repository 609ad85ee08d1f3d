import assert from 'node:assert/strict';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { decodeContent } from '../../../src/extension/bodies/decode.ts';
import { bodyDocument } from '../../../src/extension/bodies/document.ts';
import { hexDump } from '../../../src/extension/bodies/hex-dump.ts';
import { layOutJson } from '../../../src/extension/bodies/json-layout.ts';
import { extensionFor, isShownImage } from '../../../src/extension/bodies/media-type.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array): string => Buffer.from(value).toString();

describe('undoing Content-Encoding', () => {
  const plain = 'caronte '.repeat(1000);

  for (const [coding, encode] of Object.entries({
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  })) {
    it(`reads ${coding}`, async () => {
      const decoded = await decodeContent(new Uint8Array(encode(plain)), coding, 1e6);
      assert.equal(text(decoded.bytes), plain);
      assert.deepEqual([decoded.cut, decoded.coding], [false, coding]);
    });

    it(`gives what there is of ${coding} that was cut`, async () => {
      const whole = encode(
        Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7919) % 256)),
      );
      const decoded = await decodeContent(
        new Uint8Array(whole.subarray(0, whole.length >> 1)),
        coding,
        1e6,
      );
      assert.notEqual(decoded.bytes.length, 0);
    });
  }

  it('stops at its limit, whatever would come out', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(50_000_000)));
    const decoded = await decodeContent(bomb, 'GZIP', 1000);
    assert.equal(decoded.bytes.length, 1000);
    assert.ok(decoded.cut);
  });

  it('leaves alone what is not what it says, or not known', async () => {
    for (const coding of ['gzip', 'zip9000', '', 'identity']) {
      const decoded = await decodeContent(bytes('plain'), coding, 100);
      assert.equal(text(decoded.bytes), 'plain');
      assert.equal(decoded.coding, undefined);
    }
  });
});

describe('a body as a document', () => {
  it('has the extension of its type', () => {
    assert.equal(extensionFor('application/json; charset=utf-8'), 'json');
    assert.equal(extensionFor('application/vnd.github+json'), 'json');
    assert.equal(extensionFor('application/soap+xml'), 'xml');
    assert.equal(extensionFor('Text/HTML'), 'html');
    assert.equal(extensionFor('text/weird'), 'txt');
    assert.equal(extensionFor('application/octet-stream'), 'bin');
    assert.equal(extensionFor(''), 'bin');
  });

  it('lays out JSON of one line, and leaves other JSON as it was sent', () => {
    const laid = bodyDocument(bytes('{"a":[1,2]}'), 'application/json');
    assert.equal(text(laid.bytes), '{\n  "a": [\n    1,\n    2\n  ]\n}');
    const sent = '{\n"a": 1}';
    assert.equal(text(bodyDocument(bytes(sent), 'application/json').bytes), sent);
  });

  it('knows JSON that has no type', () => {
    assert.equal(bodyDocument(bytes('{"a":1}'), '').extension, 'json');
    assert.equal(bodyDocument(bytes('hello'), '').extension, 'txt');
  });

  it('does not lay out what only looks like JSON', () => {
    const broken = bodyDocument(bytes('{"a":'), 'application/json');
    assert.deepEqual([broken.extension, text(broken.bytes)], ['json', '{"a":']);
  });

  it('is an image for an image that is shown, text for SVG, a hex dump for the rest', () => {
    assert.ok(isShownImage('image/png'));
    assert.ok(!isShownImage('image/svg+xml'));
    assert.equal(bodyDocument(Uint8Array.of(0x89, 0x50, 0), 'image/png').extension, 'png');
    assert.equal(bodyDocument(bytes('<svg/>'), 'image/svg+xml').extension, 'svg');
    const dump = bodyDocument(Uint8Array.of(0, 255, 65), 'application/octet-stream');
    assert.equal(dump.extension, 'hex.txt');
    assert.match(text(dump.bytes), /^00000000 {2}00 ff 41 .*\|\.\.A\|\n$/);
  });
});

describe('laying out JSON', () => {
  it('keeps numbers, escapes, double keys and their order', () => {
    const sent = '{"b":12345678901234567890,"a":"\\u0041\\"{","b":1e400,"e":{},"l":[ ]}';
    assert.equal(
      layOutJson(sent),
      '{\n  "b": 12345678901234567890,\n  "a": "\\u0041\\"{",\n  "b": 1e400,\n  "e": {},\n  "l": []\n}',
    );
  });

  it('does not grow without bounds with the nesting', () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    assert.ok(layOutJson(deep).length < deep.length * 100);
  });
});

describe('a hex dump', () => {
  it('is empty for nothing and has sixteen bytes in a line', () => {
    assert.equal(hexDump(new Uint8Array(0)), '');
    assert.equal(hexDump(new Uint8Array(17)).split('\n').length, 3);
  });
});
