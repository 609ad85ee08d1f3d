import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { execute } from './vscode/execute.ts';

/** A Chrome or Chromium that this machine can run. */
export interface BrowserBinary {
  readonly executablePath: string;
  /** Flags it must be started with. */
  readonly args: readonly string[];
  /** Variables it needs on top of the environment: its libraries and fonts. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it was found, for logs. */
  readonly source: 'CHROME_PATH' | 'installed' | 'bundled';
}

/**
 * Nothing leaves the machine and nothing waits for a first-run dialog. The sandbox is off because
 * Chromium refuses it as root and in most containers; the tests only open pages of their own.
 */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url));

const NAMES_ON_PATH: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome'],
  darwin: ['google-chrome', 'chromium'],
  win32: ['chrome.exe'],
};

const INSTALL_HINT: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    'Install Chromium (Debian, Ubuntu: "apt-get install chromium"; Fedora: "dnf install chromium")',
  darwin: 'Install Google Chrome ("brew install --cask google-chrome")',
  win32: 'Install Google Chrome ("winget install Google.Chrome")',
};

/**
 * Finds a browser: `CHROME_PATH`, else an installed Chrome or Chromium, else, on Linux x64, the one
 * that npm brought along.
 *
 * @throws when there is none; the message says what to install.
 */
export async function findBrowser(): Promise<BrowserBinary> {
  const wanted = process.env['CHROME_PATH'];
  if (wanted !== undefined && wanted !== '') {
    if (!(await runs(wanted))) {
      throw new Error(`CHROME_PATH names ${wanted}, which does not run. Correct it or unset it.`);
    }
    return { executablePath: wanted, args: FLAGS, env: {}, source: 'CHROME_PATH' };
  }
  for (const executablePath of usualPlaces()) {
    if (await runs(executablePath)) {
      return { executablePath, args: FLAGS, env: {}, source: 'installed' };
    }
  }
  if (process.platform === 'linux' && process.arch === 'x64') return bundledBrowser();
  const hint = INSTALL_HINT[process.platform] ?? 'Install Chrome or Chromium';
  throw new Error(
    `No browser for the tests on ${process.platform} ${process.arch}. ${hint}, ` +
      'or set CHROME_PATH to the executable of a Chrome or Chromium.',
  );
}

/**
 * Starts the browser without a window, with these flags beside those that it needs. It gets a new,
 * empty profile in a temporary folder, which Playwright removes when the browser is closed.
 */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const { executablePath, args, env } = await findBrowser();
  return chromium.launch({
    executablePath,
    args: [...args, ...flags],
    env: { ...definedEnvironment(), ...env },
    headless: true,
    timeout: 30_000,
  });
}

function usualPlaces(): string[] {
  const names = NAMES_ON_PATH[process.platform] ?? [];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...absolutePlaces(),
  ];
}

function absolutePlaces(): string[] {
  switch (process.platform) {
    case 'linux':
      return ['/opt/google/chrome/chrome', '/usr/lib/chromium/chromium', '/snap/bin/chromium'];
    case 'darwin':
      return ['', process.env['HOME'] ?? ''].flatMap((home) => [
        `${home}/Applications/Google Chrome.app/Contents/MacOS/Google Chrome`,
        `${home}/Applications/Chromium.app/Contents/MacOS/Chromium`,
      ]);
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
        const base = process.env[variable];
        return base === undefined
          ? []
          : [
              join(base, 'Google\\Chrome\\Application\\chrome.exe'),
              join(base, 'Chromium\\Application\\chrome.exe'),
            ];
      });
    default:
      return [];
  }
}

/**
 * True if the file exists and, where asking opens no window, answers to `--version`. The second half
 * tells a browser from Ubuntu's `chromium-browser`, which only says what to install.
 */
async function runs(executablePath: string): Promise<boolean> {
  try {
    await access(executablePath, constants.X_OK);
  } catch {
    return false;
  }
  if (process.platform === 'win32') return true;
  const { code } = await execute(executablePath, ['--version'], { timeout: 20_000 });
  return code === 0;
}

/**
 * The Chromium inside the npm package `@sparticuz/chromium`, unpacked once. The package itself would
 * unpack to the system's temporary folder, where a file that is only half there, or another user's,
 * is taken for whole: so it runs in a process with a folder of its own, which gets its final name
 * when all is in place.
 */
async function bundledBrowser(): Promise<BrowserBinary> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const packageFolder = join(dirname(entry), '..');
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const version = hasVersion(manifest) ? manifest.version : 'unknown';
  const folder = join(CACHE, `chromium-${version}`);
  const executablePath = join(folder, 'chromium');
  if (!(await exists(executablePath))) await unpack(packageFolder, entry, folder);
  return {
    executablePath,
    args: FLAGS,
    env: {
      // libnss3, libnspr4 and their like, for machines that lack them.
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
    source: 'bundled',
  };
}

async function unpack(packageFolder: string, entry: string, folder: string): Promise<void> {
  const temporary = `${folder}.unpacking-${process.pid}`;
  await mkdir(temporary, { recursive: true });
  try {
    const script = [
      `import chromium, { inflate } from ${JSON.stringify(pathToFileURL(entry).href)};`,
      `await inflate(${JSON.stringify(join(packageFolder, 'bin', 'al2023.tar.br'))});`,
      'await chromium.executablePath();',
    ].join('\n');
    const { code, output } = await execute(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { env: { ...process.env, TMPDIR: temporary, NODE_OPTIONS: '' }, timeout: 120_000 },
    );
    if (code !== 0) throw new Error(`Unpacking the bundled Chromium failed:\n${output}`);
    await writeFile(join(temporary, 'fonts.conf'), fontConfiguration(folder));
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process may have been first; its folder is as good.
    if (!(await exists(join(folder, 'chromium')))) throw error;
  }
}

/** The machine's fonts and, since a small machine has none, the one that comes with the package. */
function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;
}

function hasVersion(manifest: unknown): manifest is { version: string } {
  return (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
}
