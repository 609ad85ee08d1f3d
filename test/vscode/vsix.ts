import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

const CONTENT = 'extension/';

/**
 * Installs the package that users get, as VS Code would: its `extension` folder becomes
 * `<publisher>.<name>-<version>`. (code-server's own `--install-extension` needs a native module
 * that is left out here.)
 *
 * @returns the folder it is installed in.
 */
export async function installVsix(vsix: string, extensionsFolder: string): Promise<string> {
  const unpacked = await mkdtemp(join(extensionsFolder, '.unpacking-'));
  await unzip(vsix, unpacked);
  const id = identity(JSON.parse(await readFile(join(unpacked, 'package.json'), 'utf8')));
  if (id === undefined) throw new Error(`${vsix}: its package.json is no extension's`);
  const folder = join(extensionsFolder, id);
  await rename(unpacked, folder);
  return folder;
}

async function unzip(vsix: string, folder: string): Promise<void> {
  const zip = await openPromise(vsix, { lazyEntries: true });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.startsWith(CONTENT) || entry.fileName.endsWith('/')) continue;
      const path = join(folder, entry.fileName.slice(CONTENT.length));
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
    }
  } finally {
    zip.close();
  }
}

function identity(manifest: unknown): string | undefined {
  if (typeof manifest !== 'object' || manifest === null) return undefined;
  if (!('publisher' in manifest && 'name' in manifest && 'version' in manifest)) return undefined;
  return `${String(manifest.publisher)}.${String(manifest.name)}-${String(manifest.version)}`;
}
