import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Logger } from '../base/logger.ts';
import { Signal } from '../base/signal.ts';
import { endsWithin } from '../base/within.ts';
import { freePort } from './free-port.ts';

export type LocalProxyState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly url: string; readonly port: number }
  /** It did not come up, or ended by itself. */
  | { readonly kind: 'failed'; readonly detail: string };

export interface LocalProxyOptions {
  /** The command line in one file, whose `proxy` command is run. */
  readonly program: string;
  /** Where it keeps requests that wait; undefined: it keeps none. Made when needed. */
  readonly dataDir: string | undefined;
  readonly log: Logger;
}

const PREFERRED_PORT = 8080;
/** Within this it must listen, in milliseconds. */
const START_MS = 15_000;
/**
 * After its channel is closed it may finish for so long; then it is asked by signal, then killed.
 * The window, when it closes, waits for longer than both together.
 */
export const STOP_MS = { channel: 1_000, signal: 400 } as const;

/** Node's own variables that would change what the child is or does. */
const FOREIGN = /^(?:NODE_OPTIONS|NODE_CHANNEL_.*|ELECTRON_.*|VSCODE_.*|CARONTE_.*)$/;

/**
 * A proxy on 127.0.0.1 for trying things out, as a child process: what it does cannot hurt the
 * editor, and it ends with the window.
 */
export class LocalProxy {
  readonly changed = new Signal<LocalProxyState>();
  readonly #options: LocalProxyOptions;
  #state: LocalProxyState = { kind: 'off' };
  #secret = '';
  #child: ChildProcess | undefined;
  /** Those that were told to end and have not yet. */
  readonly #ending = new Map<ChildProcess, Promise<void>>();
  #starting: Promise<LocalProxyState> | undefined;

  constructor(options: LocalProxyOptions) {
    this.#options = options;
  }

  get state(): LocalProxyState {
    return this.#state;
  }

  /** The generated secret, if this proxy is what lives at the address. Never written anywhere. */
  secretFor(proxyUrl: string): string | undefined {
    return this.#state.kind === 'running' && this.#state.url === proxyUrl
      ? this.#secret
      : undefined;
  }

  /** Resolves with the state once it listens or has failed; at once if it runs already. */
  async start(preferredPort = PREFERRED_PORT): Promise<LocalProxyState> {
    if (this.#state.kind === 'running') return this.#state;
    this.#starting ??= this.#start(preferredPort).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Resolves when the process has ended. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) void this.#end(child);
    await Promise.all(this.#ending.values());
    if (this.#child === undefined) this.#move({ kind: 'off' });
  }

  /** For when there is no time left: the process ends at once, even if it is being stopped. */
  kill(): void {
    this.#child?.kill('SIGKILL');
    for (const child of this.#ending.keys()) child.kill('SIGKILL');
  }

  async #start(preferredPort: number): Promise<LocalProxyState> {
    this.#move({ kind: 'starting' });
    const port = await freePort(preferredPort);
    this.#secret = randomBytes(24).toString('base64url');
    const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
    const child = fork(
      this.#options.program,
      ['proxy', '--host', '127.0.0.1', '--port', String(port), ...this.#dataFlags()],
      {
        env: {
          ...Object.fromEntries(own),
          // In the desktop editor this program is Electron, which is to be plain Node here.
          ELECTRON_RUN_AS_NODE: '1',
          CARONTE_SECRET: this.#secret,
        },
        execArgv: [],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    this.#child = child;
    let lastLine = '';
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#options.log.debug(`Local proxy: ${line}`);
        lastLine = line;
      });
    }
    const ended = new Promise<LocalProxyState>((resolve) => {
      const over = (detail: string): void => {
        const state = { kind: 'failed', detail } as const;
        resolve(state);
        if (this.#child !== child) return;
        this.#child = undefined;
        this.#options.log.error(`The local proxy ended: ${detail}`);
        this.#move(state);
      };
      child.once('error', (error) => {
        over(error.message);
      });
      // After `close` its last line has been read.
      child.once('close', (code, signal) => {
        over(lastLine === '' ? `exit ${signal ?? String(code)}` : lastLine);
      });
    });
    const listening = new Promise<LocalProxyState>((resolve) => {
      child.on('message', (message) => {
        const url = listeningUrl(message);
        if (url !== undefined) resolve({ kind: 'running', url, port });
      });
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<LocalProxyState>((resolve) => {
      timer = setTimeout(resolve, START_MS, { kind: 'failed', detail: 'it does not listen' });
    });
    const state = await Promise.race([listening, ended, late]);
    clearTimeout(timer);
    if (this.#child !== child) return this.#state;
    if (state.kind === 'running') this.#options.log.info(`The local proxy listens on ${state.url}`);
    else await this.#end(child);
    this.#move(state);
    return state;
  }

  #dataFlags(): string[] {
    const { dataDir } = this.#options;
    return dataDir === undefined ? [] : ['--data-dir', dataDir];
  }

  #end(child: ChildProcess): Promise<void> {
    const ended = this.#ending.get(child) ?? end(child).finally(() => this.#ending.delete(child));
    this.#ending.set(child, ended);
    return ended;
  }

  #move(state: LocalProxyState): void {
    this.#state = state;
    this.changed.fire(state);
  }
}

/** Closes the channel, which ends the proxy in order; then less politely. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  if (child.connected) child.disconnect();
  if (await endsWithin(exited, STOP_MS.channel)) return;
  child.kill('SIGTERM');
  if (await endsWithin(exited, STOP_MS.signal)) return;
  child.kill('SIGKILL');
  await exited;
}

/** The address in a message of the child, without a slash at the end. */
function listeningUrl(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, url } = message as { type?: unknown; url?: unknown };
  return type === 'listening' && typeof url === 'string' && URL.canParse(url)
    ? url.replace(/\/+$/, '')
    : undefined;
}
