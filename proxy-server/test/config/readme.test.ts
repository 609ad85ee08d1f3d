import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { proxyCommand } from '../../src/command.ts';

const README = new URL('../../README.md', import.meta.url);

/** Flags that are about the configuration itself; the text explains them. */
const META = new Set(['--config', '--print-config']);

describe('the table of options in the README', () => {
  it('names each flag of the command line, and no other', async () => {
    const text = await readFile(README, 'utf8');
    const named = [...text.matchAll(/^\| `(--[a-z-]+)`/gm)].map((match) => match[1]);
    const flags = proxyCommand()
      .options.map((option) => option.long)
      .filter((flag) => flag !== undefined && !META.has(flag));
    assert.deepEqual(new Set(named), new Set(flags));
  });
});
