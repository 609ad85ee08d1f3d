/** Builds all that is shipped, or with `--only cli,proxy` a part of it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readdir, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';
import type { Metafile } from 'esbuild';
import { bundleCli, bundleExtension, bundleWebview } from './bundle.ts';
import { writeNotices } from './notices.ts';
import { CLI, EXTENSION, NOTICES, ROOT, VSIX, WEBVIEW } from './paths.ts';

/** The editor reads the whole file each time it starts the extension. In bytes. */
const MAX_EXTENSION = 400 * 1000;

/** Something that is built from its entries, in this order. */
interface Part {
  readonly entries: readonly string[];
  readonly outputs: readonly string[];
  make(): Promise<void>;
}

const PROXY_DIST = join(ROOT, 'proxy-server', 'dist');

/** What went into the bundles that were made so far. */
const metafiles: Metafile[] = [];

const PARTS: Readonly<Record<string, Part>> = {
  cli: {
    entries: ['src/cli/main.ts'],
    outputs: [CLI],
    make: async () => void metafiles.push(await bundleCli()),
  },
  proxy: {
    entries: ['proxy-server/src/main.ts'],
    outputs: [PROXY_DIST],
    make: compileProxy,
  },
  extension: {
    entries: ['src/extension/extension.ts'],
    outputs: [EXTENSION],
    make: async () => {
      metafiles.push(await bundleExtension());
      await checkExtensionSize();
    },
  },
  webview: {
    entries: ['src/webview/main.ts'],
    outputs: [WEBVIEW],
    make: async () => void metafiles.push(await bundleWebview()),
  },
  notices: { entries: [], outputs: [NOTICES], make: () => writeNotices(metafiles) },
  vsix: {
    entries: ['package.json', '.vscodeignore', CLI, EXTENSION, WEBVIEW, NOTICES],
    outputs: [VSIX],
    make: pack,
  },
};

async function compileProxy(): Promise<void> {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', 'proxy-server/src'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the proxy does not compile');
  await chmod(join(PROXY_DIST, 'main.js'), 0o755);
}

async function checkExtensionSize(): Promise<void> {
  const { size } = await stat(EXTENSION);
  if (size <= MAX_EXTENSION) return;
  throw new Error(`the extension has ${kilobytes(size)}; the limit is ${kilobytes(MAX_EXTENSION)}`);
}

async function pack(): Promise<void> {
  await createVSIX({
    cwd: ROOT,
    packagePath: VSIX,
    // All that it needs is in the bundles.
    dependencies: false,
    allowMissingRepository: true,
    // There is no public address yet that links could be made absolute with.
    rewriteRelativeLinks: false,
    skipLicense: true,
  });
}

/** Bytes of a file, or of all files in a folder. */
async function sizeOf(path: string): Promise<number> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return entry.size;
  const names = await readdir(path);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const names = values.only === undefined ? Object.keys(PARTS) : values.only.split(',');
  for (const name of names) {
    const part = PARTS[name];
    if (part === undefined) {
      throw new Error(`there is no part "${name}"; there are ${Object.keys(PARTS).join(', ')}`);
    }
    for (const entry of part.entries) {
      if (existsSync(resolve(ROOT, entry))) continue;
      throw new Error(`${name}: ${relative(ROOT, resolve(ROOT, entry))} does not exist`);
    }
    await part.make();
    for (const output of part.outputs) {
      console.log(
        `${name.padEnd(10)} ${relative(ROOT, output)} ${kilobytes(await sizeOf(output))}`,
      );
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
