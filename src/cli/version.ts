import { createRequire } from 'node:module';

/** Put in by the build: the bundled command is one file without a manifest beside it. */
declare const CARONTE_VERSION: string | undefined;

/** The version of this program. */
export function version(): string {
  if (typeof CARONTE_VERSION === 'string') return CARONTE_VERSION;
  const manifest: unknown = createRequire(import.meta.url)('../../package.json');
  return (manifest as { readonly version: string }).version;
}
