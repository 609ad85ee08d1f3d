import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installServer } from './install.ts';
import { ProcessGroup } from './process-group.ts';
import { userSettings, type Settings, type Theme } from './settings.ts';
import { installVsix } from './vsix.ts';

export interface ServerOptions {
  /** Packages to install, as paths of `.vsix` files. */
  readonly vsix?: readonly string[];
  /** Folders of extensions that are not packed, such as the driver of the in-host suite. */
  readonly extensions?: readonly string[];
  /** User settings on top of the quiet ones. */
  readonly settings?: Settings;
  /** Default: dark. */
  readonly theme?: Theme;
  /** Files of the folder that is opened, by their relative path. */
  readonly files?: Readonly<Record<string, string>>;
  /** The opened folder's name, which many extensions show. Default: `project`. */
  readonly folderName?: string;
  /** Leave Workspace Trust on, so that the folder opens untrusted. Default: off, all is trusted. */
  readonly workspaceTrust?: boolean;
  /** Variables for the server and its extension host. */
  readonly env?: Readonly<Record<string, string>>;
}

const START_TIMEOUT = 30_000;

/** A running VS Code server with data, extensions and a workspace folder of its own. */
export class VsCodeServer {
  /** Opens the workbench on the workspace folder. */
  readonly url: string;
  /** The folder that is open in it. */
  readonly workspace: string;
  /** Where the logs, the settings and the extensions' storage are. */
  readonly userData: string;
  #changes: Settings = {};
  readonly #temporary: string;
  readonly #group: ProcessGroup;
  readonly #output: string[];

  private constructor(parts: {
    origin: string;
    folders: Folders;
    options: ServerOptions;
    group: ProcessGroup;
    output: string[];
  }) {
    const { workspace, userData, temporary } = parts.folders;
    this.url = `${parts.origin}?folder=${encodeURIComponent(workspace)}`;
    this.workspace = workspace;
    this.userData = userData;
    this.#temporary = temporary;
    this.#group = parts.group;
    this.#output = parts.output;
  }

  /** Installs the server if need be, then starts it on a free port of 127.0.0.1. */
  static async start(options: ServerOptions = {}): Promise<VsCodeServer> {
    const installation = await installServer();
    const folders = await createFolders(options);
    const output: string[] = [];
    try {
      const child = spawn(
        installation.node,
        [installation.entry, ...commandLine(folders, options)],
        {
          cwd: installation.folder,
          detached: true,
          env: serverEnvironment(folders, options.env ?? {}),
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      const listening = waitForAddress(child, output);
      const group = new ProcessGroup(child);
      try {
        const origin = await listening;
        return new VsCodeServer({ origin, folders, options, group, output });
      } catch (error) {
        await group.end(0);
        throw error;
      }
    } catch (error) {
      await rm(folders.temporary, { recursive: true, force: true });
      throw error;
    }
  }

  /** What the server and its extension hosts have printed so far. */
  get output(): string {
    return this.#output.join('');
  }

  /**
   * The log files that are not empty: those of the extension hosts and of each extension's output
   * channels, VS Code's own extensions left out. The server's own is the same as its `output`.
   */
  async logs(): Promise<string> {
    const folder = join(this.userData, 'logs');
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const texts: string[] = [];
    for (const file of files.filter(({ name }) => /(?<!^remoteagent)\.log$/.test(name))) {
      const path = join(file.parentPath, file.name);
      if (basename(file.parentPath).startsWith('vscode.')) continue;
      const text = (await readFile(path, 'utf8')).trim();
      if (text !== '') texts.push(`--- ${relative(folder, path)} ---\n${text}`);
    }
    return texts.join('\n\n');
  }

  /** The process that the extensions of the window run in. */
  async extensionHostPid(): Promise<number> {
    const started = [...(await this.logs()).matchAll(/Extension host with pid (\d+) started/g)];
    const pid = Number(started.at(-1)?.[1]);
    if (!(pid > 0)) throw new Error('The logs name no extension host');
    return pid;
  }

  /**
   * Adds settings; the workbench notices by itself. They go to the machine's settings, which come
   * before the user's: of a change to those that is not its own, this kind of VS Code knows nothing.
   */
  async changeSettings(settings: Settings): Promise<void> {
    this.#changes = { ...this.#changes, ...settings };
    await writeSettings(this.userData, 'Machine', this.#changes);
  }

  /** Ends every process that it started and removes its folders. */
  async close(): Promise<void> {
    await this.#group.end();
    await rm(this.#temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Folders {
  readonly temporary: string;
  readonly userData: string;
  readonly extensions: string;
  readonly scratch: string;
  readonly workspace: string;
}

async function createFolders(options: ServerOptions): Promise<Folders> {
  // Short names: the server's sockets lie in here, and their paths may have some 100 bytes, of
  // which macOS's own temporary folder takes half.
  const parent = process.platform === 'darwin' ? '/tmp' : tmpdir();
  const temporary = await realpath(await mkdtemp(join(parent, 'vsc-')));
  const folders = {
    temporary,
    userData: join(temporary, 'data'),
    extensions: join(temporary, 'ext'),
    scratch: join(temporary, 'tmp'),
    workspace: join(temporary, options.folderName ?? 'project'),
  };
  await mkdir(folders.workspace);
  await mkdir(folders.extensions);
  await mkdir(folders.scratch);
  for (const [path, text] of Object.entries(options.files ?? {})) {
    await mkdir(join(folders.workspace, path, '..'), { recursive: true });
    await writeFile(join(folders.workspace, path), text);
  }
  const settings = userSettings(options.theme ?? 'dark', options.settings ?? {});
  await writeSettings(folders.userData, 'User', settings);
  // A file that is not there from the start is not watched.
  await writeSettings(folders.userData, 'Machine', {});
  for (const vsix of options.vsix ?? []) await installVsix(vsix, folders.extensions);
  for (const folder of options.extensions ?? []) {
    await cp(folder, join(folders.extensions, basename(folder)), { recursive: true });
  }
  return folders;
}

async function writeSettings(
  userData: string,
  kind: 'User' | 'Machine',
  settings: Settings,
): Promise<void> {
  const folder = join(userData, kind);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings, null, 2));
}

function commandLine(folders: Folders, options: ServerOptions): string[] {
  return [
    '--auth=none',
    '--bind-addr=127.0.0.1:0',
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
    `--config=${join(folders.temporary, 'config.yaml')}`,
    `--user-data-dir=${folders.userData}`,
    `--extensions-dir=${folders.extensions}`,
    folders.workspace,
  ];
}

/**
 * Without the variables of a VS Code that these tests may themselves run in: they would send the
 * folder to that window. `PORT` and `PASSWORD` would change the server's options.
 */
function serverEnvironment(
  folders: Folders,
  extra: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const foreign =
    /^(?:VSCODE_.*|CODE_SERVER_.*|ELECTRON_.*|NODE_OPTIONS|PORT|PASSWORD|HASHED_PASSWORD)$/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(own),
    // No marketplace: the machine may be offline, and nothing here needs it.
    EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: '' }),
    TMPDIR: folders.scratch,
    XDG_CONFIG_HOME: join(folders.temporary, 'xdg'),
    XDG_DATA_HOME: join(folders.temporary, 'xdg'),
    XDG_RUNTIME_DIR: folders.scratch,
    ...extra,
  };
}

/** Collects the output and waits for the line that tells the port. */
async function waitForAddress(child: ChildProcess, output: string[]): Promise<string> {
  const gaveUp = new AbortController();
  const address = new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output.push(chunk.toString());
      const line = /HTTP server listening on (http:\S+)/.exec(output.join(''));
      if (line?.[1] !== undefined) resolve(line[1]);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(
        new Error(`The VS Code server ended (${String(signal ?? code)}):\n${output.join('')}`),
      );
    });
  });
  const timeout = delay(START_TIMEOUT, undefined, { signal: gaveUp.signal }).then(() => {
    throw new Error(`The VS Code server is not up after 30 s:\n${output.join('')}`);
  });
  try {
    return await Promise.race([address, timeout]);
  } finally {
    gaveUp.abort();
  }
}
