import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What the build makes; ignored by git. */
const DIST = join(ROOT, 'dist');

/** The command line in one file. */
export const CLI = join(DIST, 'caronte.mjs');

/** The editor's half in one file. */
export const EXTENSION = join(DIST, 'extension.cjs');

/** The browser's half of the request view. */
export const WEBVIEW = join(DIST, 'webview');

/** The package that an editor installs. */
export const VSIX = join(DIST, 'caronte.vsix');

/** Notices of the packages that the bundles contain. */
export const NOTICES = join(DIST, 'third-party-notices.txt');
