import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { CLI, EXTENSION, ROOT, WEBVIEW } from './paths.ts';
import { storeWorker } from './store-worker.ts';
import { undiciPoolOnly } from './undici-pool.ts';

/** What all bundles have in common: minified, from source, without maps in the package. */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  conditions: ['caronte-source'],
} satisfies BuildOptions;

/** Dependencies that are CommonJS call `require`, which an ES module does not have. */
const REQUIRE = `import { createRequire as createRequireForBundle } from 'node:module';
const require = createRequireForBundle(import.meta.url);`;

/** The `caronte` command: one executable file that needs nothing beside it. */
export async function bundleCli(): Promise<Metafile> {
  const version = await manifestVersion();
  const { metafile } = await build({
    ...COMMON,
    entryPoints: ['src/cli/main.ts'],
    outfile: CLI,
    platform: 'node',
    format: 'esm',
    target: 'node20.18',
    banner: { js: REQUIRE },
    define: {
      CARONTE_VERSION: JSON.stringify(version),
      CARONTE_STORE_WORKER: JSON.stringify(await storeWorker()),
    },
    plugins: [undiciPoolOnly({ simd: true })],
  });
  await chmod(CLI, 0o755);
  return metafile;
}

/** The extension: CommonJS, as the editor's loader wants it. */
export async function bundleExtension(): Promise<Metafile> {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: ['src/extension/extension.ts'],
    outfile: EXTENSION,
    platform: 'node',
    format: 'cjs',
    target: 'node20.18',
    external: ['vscode'],
    plugins: [undiciPoolOnly({ simd: false })],
  });
  return metafile;
}

/** The request view: `main.js` and `main.css`, with the fonts that the style sheet names. */
export async function bundleWebview(): Promise<Metafile> {
  await rm(WEBVIEW, { recursive: true, force: true });
  const { metafile } = await build({
    ...COMMON,
    entryPoints: ['src/webview/main.ts'],
    outdir: WEBVIEW,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    assetNames: '[name]',
    loader: { '.ttf': 'file', '.woff2': 'file' },
  });
  return metafile;
}

async function manifestVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
