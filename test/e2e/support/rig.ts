import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller } from './caller.ts';
import { jsonLine } from './json-lines.ts';
import { Program } from './program.ts';
import { type RawHandler, RawTarget } from './raw-target.ts';
import { within } from './waiting.ts';

/** A program that is told to end and does not is killed after so many milliseconds. */
const END_MS = 3_000;

export interface TunnelOptions {
  readonly targetPort: number;
  readonly code?: string;
  readonly proxyFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
  /** True if absent. */
  readonly sendReply?: boolean;
}

/** Where and with what a program runs. */
export interface ProgramPlace {
  readonly cwd?: string;
  /** That of the rig if absent; null for none. */
  readonly secret?: string | null;
  readonly env?: Readonly<Record<string, string>>;
}

/** A proxy and a live agent. */
export interface RunningTunnel {
  readonly proxy: Program;
  readonly agent: Program;
  /** The proxy's. */
  readonly port: number;
  /** Path below which callers reach the target: `/forward/<code>`. */
  readonly base: string;
}

/** Folders of all tests; they go when this process does. */
const FOLDERS = mkdtempSync(join(tmpdir(), 'caronte-e2e-'));
process.once('exit', () => rmSync(FOLDERS, { recursive: true, force: true }));

/** What one test has started; all of it ends with the test. */
export class Rig {
  readonly secret = `e2e-${randomBytes(12).toString('hex')}`;
  readonly #programs: Program[] = [];
  readonly #closers: (() => void)[] = [];

  /** A fresh folder. */
  folder(): string {
    return mkdtempSync(join(FOLDERS, 'place-'));
  }

  /** Starts Caronte's command line; the secret is in its environment. */
  caronte(
    args: readonly string[],
    { cwd, secret = this.secret, env = {} }: ProgramPlace = {},
  ): Program {
    return this.add(
      Program.caronte(args, {
        cwd: cwd ?? this.folder(),
        env: { ...(secret !== null && { CARONTE_SECRET: secret }), ...env },
      }),
    );
  }

  add(program: Program): Program {
    this.#programs.push(program);
    return program;
  }

  /** Calls back when the test is over. */
  onEnd(close: () => void): void {
    this.#closers.push(close);
  }

  /** A proxy that listens; `port` 0 takes any free one. */
  async proxy(
    flags: readonly string[] = [],
    port = 0,
    place: ProgramPlace = {},
  ): Promise<{ proxy: Program; port: number }> {
    const args = ['proxy', '--host', '127.0.0.1', '--port', String(port), ...flags];
    const proxy = this.caronte(args, place);
    const line = await jsonLine(proxy, { msg: 'listening' });
    return { proxy, port: Number(line['port']) };
  }

  /** Starts an agent that writes JSON; does not wait. */
  agent(
    { port, code, targetPort }: { port: number; code: string; targetPort: number },
    flags: readonly string[] = [],
    options: ProgramPlace = {},
  ): Program {
    const proxy = ['--proxy-host', '127.0.0.1', '--proxy-port', String(port)];
    const target = ['--target-host', '127.0.0.1', '--target-port', String(targetPort)];
    return this.caronte(
      ['agent', '--code', code, ...proxy, ...target, '--log-format', 'json', ...flags],
      options,
    );
  }

  /** A proxy and an agent, both up. */
  async tunnel(options: TunnelOptions): Promise<RunningTunnel> {
    const { targetPort, code = 'orders', proxyFlags = [], agentFlags = [] } = options;
    const { proxy, port } = await this.proxy(proxyFlags);
    const reply = options.sendReply === false ? [] : ['--send-reply'];
    const agent = this.agent({ port, code, targetPort }, [...reply, ...agentFlags]);
    await jsonLine(agent, { event: 'state', state: 'live' });
    return { proxy, agent, port, base: `/forward/${code}` };
  }

  async rawTarget(handler: RawHandler, port = 0): Promise<RawTarget> {
    const target = await RawTarget.listen(handler, port);
    this.onEnd(() => target.close());
    return target;
  }

  /** A target on `node:http`. Resolves with its port. */
  async httpTarget(listener: RequestListener): Promise<number> {
    const server: Server = createServer({ requestTimeout: 0 }, listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.onEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    return (server.address() as AddressInfo).port;
  }

  async caller(port: number): Promise<Caller> {
    const caller = await Caller.connect(port);
    this.onEnd(() => caller.leave());
    return caller;
  }

  /** Ends all that is left. Throws if a secret shows in any output. */
  async end(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    await Promise.all(this.#programs.map((program) => stop(program)));
    const leaky = this.#programs.filter(({ output }) => output.includes(this.secret));
    if (leaky.length > 0) {
      throw new Error(`the secret is in the output of ${leaky.map(({ name }) => name).join(', ')}`);
    }
  }

  report(): string {
    return this.#programs.map((program) => program.report()).join('\n');
  }
}

async function stop(program: Program): Promise<void> {
  if (!program.isRunning) return;
  // It may have been halted.
  program.signal('SIGCONT');
  program.signal('SIGTERM');
  try {
    await within(END_MS, `end of ${program.name}`, program.ended);
  } catch {
    await program.end('SIGKILL');
  }
}

/**
 * A rig for each test of a `describe`. After a failure all that its programs have said is printed.
 *
 * @returns what gives the rig to a test.
 */
export function useRig(): () => Rig {
  let rig: Rig | undefined;

  beforeEach('make a rig', () => {
    rig = new Rig();
  });

  afterEach('end all that was started', async function () {
    const ending = rig;
    rig = undefined;
    if (ending === undefined) return;
    const failed = this.currentTest?.state === 'failed';
    const report = failed ? ending.report() : '';
    await ending.end();
    if (failed) console.error(`${this.currentTest?.fullTitle() ?? ''}\n${report}`);
  });

  return () => {
    if (rig === undefined) throw new Error('there is a rig only during a test');
    return rig;
  };
}
