import { build } from 'esbuild';
import { ROOT } from './paths.ts';

/**
 * The code of the thread that has the proxy's database, as text: a single file has no second one
 * that a thread could be started from. It runs as CommonJS. SQLite is not in it: Node brings it, or
 * the package `@photostructure/sqlite` does, which is native and stays outside.
 */
export async function storeWorker(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['proxy-server/src/store/worker/main.ts'],
    bundle: true,
    minify: true,
    write: false,
    legalComments: 'none',
    logLevel: 'warning',
    platform: 'node',
    format: 'cjs',
    target: 'node20.18',
    conditions: ['caronte-source'],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('the thread of the store has no code');
  return output.text;
}
