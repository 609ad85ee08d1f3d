import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire, SourceMap } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { ROOT } from '../paths.ts';
import type { DriverOptions } from './report.ts';

export interface BuiltDriver {
  /** The extension's folder. */
  readonly folder: string;
  /** Gives the places of a stack trace their names in the sources. */
  readonly mapStack: (stack: string) => string;
}

const MANIFEST = {
  name: 'test-driver',
  publisher: 'caronte-tests',
  version: '0.0.0',
  engines: { vscode: '^1.105.0' },
  main: './driver.cjs',
  activationEvents: ['onStartupFinished'],
  extensionKind: ['workspace'],
  capabilities: { untrustedWorkspaces: { supported: true } },
};

/** Both are CommonJS, since that is how VS Code gives an extension the `vscode` module. */
const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode'],
  conditions: ['caronte-source'],
  absWorkingDir: ROOT,
  logLevel: 'warning',
};

/** Makes the driver extension, with the test files bundled into it. */
export async function buildDriver(
  parent: string,
  files: readonly string[],
  options: Pick<DriverOptions, 'report' | 'timeout'>,
): Promise<BuiltDriver> {
  const folder = join(parent, 'test-driver');
  await mkdir(folder);
  await build({
    ...COMMON,
    entryPoints: [fileURLToPath(new URL('driver.ts', import.meta.url))],
    outfile: join(folder, 'driver.cjs'),
  });
  const suite = await build({
    ...COMMON,
    stdin: {
      contents: files.map((file) => `import ${JSON.stringify(file)};`).join('\n'),
      resolveDir: ROOT,
    },
    outfile: join(folder, 'suite.cjs'),
    sourcemap: 'external',
    sourcesContent: false,
    write: false,
  });
  for (const { path, contents } of suite.outputFiles) await writeFile(path, contents);
  const mocha = createRequire(import.meta.url).resolve('mocha/lib/mocha.cjs');
  const complete: DriverOptions = { mocha, ...options };
  await writeFile(join(folder, 'driver.json'), JSON.stringify(complete));
  await writeFile(join(folder, 'package.json'), JSON.stringify(MANIFEST));
  const map = suite.outputFiles.find(({ path }) => path.endsWith('.map'));
  return { folder, mapStack: stackMapper(map?.text, folder) };
}

function stackMapper(map: string | undefined, folder: string): (stack: string) => string {
  if (map === undefined) return (stack) => stack;
  const sourceMap = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
  return (stack) =>
    stack.replace(/(?:file:\/\/)?[^\s()]*suite\.cjs:(\d+):(\d+)/g, (place, line, column) => {
      const entry = sourceMap.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in entry)) return place;
      const source = join(folder, entry.originalSource);
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
}
