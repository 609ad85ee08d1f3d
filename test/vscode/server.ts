import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
  readonly #theme: Theme;
  readonly #settings: Settings;
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
    this.#theme = parts.options.theme ?? 'dark';
    this.#settings = parts.options.settings ?? {};
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
          env: serverEnvironment(folders.temporary, options.env ?? {}),
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

  /** Replaces the user settings; the workbench notices by itself. */
  async writeSettings(settings: Settings, theme: Theme = this.#theme): Promise<void> {
    await writeSettings(this.userData, userSettings(theme, { ...this.#settings, ...settings }));
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
  readonly workspace: string;
}

async function createFolders(options: ServerOptions): Promise<Folders> {
  // Short names: the server's sockets lie in here, and their paths may have some 100 bytes.
  const temporary = await realpath(await mkdtemp(join(tmpdir(), 'vsc-')));
  const folders = {
    temporary,
    userData: join(temporary, 'data'),
    extensions: join(temporary, 'ext'),
    workspace: join(temporary, options.folderName ?? 'project'),
  };
  await mkdir(folders.workspace);
  await mkdir(folders.extensions);
  for (const [path, text] of Object.entries(options.files ?? {})) {
    await mkdir(join(folders.workspace, path, '..'), { recursive: true });
    await writeFile(join(folders.workspace, path), text);
  }
  await writeSettings(
    folders.userData,
    userSettings(options.theme ?? 'dark', options.settings ?? {}),
  );
  for (const vsix of options.vsix ?? []) await installVsix(vsix, folders.extensions);
  for (const folder of options.extensions ?? []) {
    await cp(folder, join(folders.extensions, basename(folder)), { recursive: true });
  }
  return folders;
}

async function writeSettings(userData: string, settings: Settings): Promise<void> {
  await mkdir(join(userData, 'User'), { recursive: true });
  await writeFile(join(userData, 'User', 'settings.json'), JSON.stringify(settings, null, 2));
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
  temporary: string,
  extra: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const foreign =
    /^(?:VSCODE_.*|CODE_SERVER_.*|ELECTRON_.*|NODE_OPTIONS|PORT|PASSWORD|HASHED_PASSWORD)$/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(own),
    XDG_CONFIG_HOME: join(temporary, 'xdg'),
    XDG_DATA_HOME: join(temporary, 'xdg'),
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
      reject(new Error(`The VS Code server ended (${String(signal ?? code)}):\n${output.join('')}`));
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
