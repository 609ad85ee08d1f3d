import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { NOTICES, ROOT } from './paths.ts';

const HEADER = `Caronte contains the following packages in its bundles. Their licences ask for this notice.\n`;

/** Folders of the packages whose code a bundle contains, such as `node_modules/undici`. */
function packageFolders(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    // Plugins put their name before the path.
    const folder = /(?:^|:)((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders];
}

async function notice(folder: string): Promise<string> {
  const path = join(ROOT, folder);
  const manifest: unknown = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const { name, version, license } = manifest as Record<string, string>;
  const file = (await readdir(path)).find((entry) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(entry));
  if (file === undefined) throw new Error(`${folder} has no licence file to go with its code`);
  const text = (await readFile(join(path, file), 'utf8')).trim();
  return `\n${'-'.repeat(72)}\n${name} ${version} (${license})\n\n${text}\n`;
}

/** Writes the notices that have to go with these bundles. */
export async function writeNotices(metafiles: readonly Metafile[]): Promise<void> {
  const folders = new Set(metafiles.flatMap(packageFolders));
  const notices = await Promise.all([...folders].toSorted().map(notice));
  await writeFile(NOTICES, HEADER + notices.join(''));
}
