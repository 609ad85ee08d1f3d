import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { ROOT } from './paths.ts';

/** What undici's own entry does, for the two things that the agent uses. */
const ENTRY = `
import api from 'undici/lib/api/index.js';
import buildConnector from 'undici/lib/core/connect.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
Object.assign(Dispatcher.prototype, api);
export { buildConnector, Pool };
`;

/**
 * Leaves out of a bundle what the agent does not use of undici: its entry loads fetch, WebSocket,
 * caches and mocks, which makes 540 kB of 210. An import of anything but Pool and
 * buildConnector fails the build.
 *
 * Without `simd` there is one parser in place of two, which runs everywhere and is 72 kB smaller;
 * with it, heads are parsed a little faster where the processor can.
 */
export function undiciPoolOnly({ simd }: { readonly simd: boolean }): Plugin {
  return {
    name: 'undici-pool-only',
    setup(build) {
      build.onResolve({ filter: /^undici$/ }, () => ({ path: 'entry', namespace: 'undici-pool' }));
      build.onLoad({ filter: /.*/, namespace: 'undici-pool' }, () => ({
        contents: ENTRY,
        resolveDir: ROOT,
      }));
      if (simd) return;
      build.onResolve({ filter: /\/llhttp_simd-wasm\.js$/ }, ({ resolveDir }) => ({
        path: join(resolveDir, '..', 'llhttp', 'llhttp-wasm.js'),
      }));
    },
  };
}
