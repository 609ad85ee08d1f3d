import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the checks need of the repository. */
const COPIED = [
  'package.json',
  'src',
  'proxy-server/src',
  'proxy-server/package.json',
  'proxy-server/tsconfig.base.json',
  'tsconfig.base.json',
  '.oxlintrc.json',
];

/** Imports that the architecture forbids, one a rule. */
const FORBIDDEN = [
  { folder: 'src/agent', imports: '../extension/ids.ts', by: 'compiler' },
  { folder: 'src/agent', imports: 'caronte-proxy', by: 'linter' },
  { folder: 'src/agent', imports: 'vscode', by: 'linter' },
  { folder: 'src/cli', imports: '../extension/ids.ts', by: 'compiler' },
  { folder: 'src/extension', imports: 'caronte-proxy', by: 'linter' },
  { folder: 'src/webview', imports: '../extension/ids.ts', by: 'compiler' },
  { folder: 'src/webview', imports: 'node:fs', by: 'compiler' },
  { folder: 'proxy-server/src/edge', imports: '../tunnel/index.ts', by: 'compiler' },
  { folder: 'proxy-server/src/tunnel', imports: '../edge/index.ts', by: 'compiler' },
  { folder: 'proxy-server/src/routing', imports: '../tunnel/index.ts', by: 'compiler' },
  { folder: 'proxy-server/src/protocol', imports: 'node:buffer', by: 'compiler' },
] as const;

describe('the import rules', () => {
  let copy: string;

  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'caronte-rules-'));
    for (const path of COPIED) await cp(join(ROOT, path), join(copy, path), { recursive: true });
    await mkdir(join(copy, 'node_modules'));
    for (const name of await readdir(join(ROOT, 'node_modules'))) {
      const target =
        name === 'caronte-proxy' ? join(copy, 'proxy-server') : join(ROOT, 'node_modules', name);
      await symlink(target, join(copy, 'node_modules', name));
    }
  });

  after(async () => {
    await rm(copy, { recursive: true, force: true });
  });

  async function check(tool: 'compiler' | 'linter', folder: string): Promise<string> {
    const bin = join(ROOT, 'node_modules');
    const args =
      tool === 'compiler'
        ? [join(bin, 'typescript/bin/tsc'), '-b', folder]
        : [join(bin, 'oxlint/bin/oxlint'), '--deny-warnings', folder];
    try {
      await run(process.execPath, args, { cwd: copy });
      return '';
    } catch (error) {
      return String((error as { stdout?: string }).stdout);
    }
  }

  it('let the code pass as it is', async () => {
    assert.equal(await check('compiler', 'src/extension'), '');
    assert.equal(await check('compiler', 'src/cli'), '');
    assert.equal(await check('compiler', 'src/webview'), '');
    assert.equal(await check('linter', 'src/agent'), '');
  });

  for (const { folder, imports, by } of FORBIDDEN) {
    it(`keep ${imports} out of ${folder}`, async () => {
      const probe = join(copy, folder, 'probe.ts');
      await writeFile(
        probe,
        `import * as probed from '${imports}';\nexport const probe = probed;\n`,
      );
      try {
        const output = await check(by, folder);
        assert.match(output, /probe\.ts/);
        assert.match(output, /TS(?:6059|6307|2307|2591|2580|2882)|no-restricted-imports/);
      } finally {
        await rm(probe);
      }
    });
  }
}).timeout(60_000);
