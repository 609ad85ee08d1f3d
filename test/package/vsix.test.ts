import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { openPromise } from 'yauzl';
import { HOSTING_GUIDE } from '../../src/extension/ids.ts';

const VSIX = new URL('../../dist/caronte.vsix', import.meta.url);

/** What goes to users, and nothing else: no sources, no maps, no tests. */
const FILES = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/changelog.md',
  'extension/dist/caronte.mjs',
  'extension/dist/extension.cjs',
  'extension/dist/third-party-notices.txt',
  'extension/dist/webview/main.css',
  'extension/dist/webview/main.js',
  `extension/${HOSTING_GUIDE}`,
  'extension/media/caronte.svg',
  'extension/media/icon.png',
  'extension/package.json',
  'extension/package.nls.json',
  'extension/readme.md',
];

/** The files of the package, and their sizes in bytes. */
async function entries(): Promise<Map<string, number>> {
  const zip = await openPromise(fileURLToPath(VSIX), { lazyEntries: true });
  const sizes = new Map<string, number>();
  try {
    for await (const entry of zip.eachEntry()) sizes.set(entry.fileName, entry.uncompressedSize);
  } finally {
    zip.close();
  }
  return sizes;
}

describe('the packed extension', () => {
  it('holds exactly the files that users need', async () => {
    const sizes = await entries();
    assert.deepEqual([...sizes.keys()].toSorted(), FILES.toSorted());
  });

  it('has an extension bundle under 400 kB', async () => {
    const size = (await entries()).get('extension/dist/extension.cjs') ?? Infinity;
    assert.ok(size < 400_000, `${size} bytes`);
  });
});
