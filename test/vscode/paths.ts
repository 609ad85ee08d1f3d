import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, without a slash at the end. */
export const ROOT = join(fileURLToPath(new URL('.', import.meta.url)), '..', '..');

/** Ignored by git; whatever is slow to get and can be had again. */
export const CACHE = join(ROOT, '.cache');

/** Ignored by git; screenshots and whatever else a failed run leaves behind. */
export const RESULTS = join(ROOT, 'test-results');

/** The package as users get it; `npm run package` makes it. */
export const VSIX = join(ROOT, 'dist', 'caronte.vsix');
