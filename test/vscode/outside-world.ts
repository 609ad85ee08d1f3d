import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { ROOT } from './paths.ts';

/** A request as the target saw it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the target answers. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** The service that a tunnel leads to. */
export class TestTarget {
  readonly received: Received[] = [];
  /** Decides on the answers. */
  answer: (request: Received) => Answer | Promise<Answer> = () => ({});
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void buffer(request).then(async (body) => {
        const { method = '', url = '', headers } = request;
        const received = { method, path: url, headers, body };
        this.received.push(received);
        const answer = await this.answer(received);
        response.writeHead(answer.status ?? 200, answer.headers ?? {});
        response.end(answer.body ?? '');
      });
    });
  }

  static async start(): Promise<TestTarget> {
    const target = new TestTarget();
    await new Promise<void>((resolve) => target.#server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The target is closed');
    return address.port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export interface TestProxyOptions {
  /** Where it keeps requests for tunnels that ask for it. */
  readonly dataDir?: string;
  /** Its clock is behind by so many milliseconds: what it receives seems to have come long ago. */
  readonly behindMs?: number;
}

function slowClock(behindMs: number): string {
  const code = `const { now } = Date; Date.now = () => now() - ${behindMs};`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** A proxy as it is shipped, in a process of its own. */
export class TestProxy {
  static readonly SECRET = 'a-secret-for-tests-only';
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Port 0 takes one that is free. */
  static async start(port = 0, options: TestProxyOptions = {}): Promise<TestProxy> {
    const { dataDir, behindMs } = options;
    const flags = dataDir === undefined ? [] : ['--data-dir', dataDir];
    const child = fork(
      join(ROOT, 'dist', 'caronte.mjs'),
      ['proxy', '--host', '127.0.0.1', '--port', String(port), '--log-level', 'warn', ...flags],
      {
        execArgv: behindMs === undefined ? [] : ['--import', slowClock(behindMs)],
        env: { ...process.env, CARONTE_SECRET: TestProxy.SECRET },
      },
    );
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => {
        reject(new Error(`The proxy ended with ${String(code)}`));
      });
      child.once('message', (message) => {
        resolve((message as { url: string }).url.replace(/\/$/, ''));
      });
    });
    return new TestProxy(child, url);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
  }
}

const CALLERS = `
import { text } from 'node:stream/consumers';
const [url, count, atOnce] = JSON.parse(await text(process.stdin));
let sent = 0;
const statuses = {};
const call = async () => {
  while (sent < count) {
    const number = sent++;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ number });
    const response = await fetch(url + number, { method: 'POST', headers, body });
    await response.arrayBuffer();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  }
};
await Promise.all(Array.from({ length: atOnce }, call));
console.log(JSON.stringify(statuses));
`;

/**
 * Posts to `<url>0`, `<url>1` and so on from a process of its own, so many at once. Resolves with how
 * often each status came.
 */
export async function callManyFromOutside(
  url: string,
  count: number,
  atOnce: number,
): Promise<Record<number, number>> {
  return JSON.parse(await runOutside(CALLERS, [url, count, atOnce])) as Record<number, number>;
}

/** Runs a script that reads JSON from its input; resolves with what it printed. */
async function runOutside(script: string, input: unknown): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(input));
  return text(child.stdout);
}

const CALLER = `
import { text } from 'node:stream/consumers';
const [url, method, headers, body] = JSON.parse(await text(process.stdin));
const response = await fetch(url, { method, headers, body: body && Buffer.from(body, 'base64') });
console.log(JSON.stringify({ status: response.status, body: await response.text() }));
`;

/** Calls a public URL from a process of its own, as an outsider would. */
export async function callFromOutside(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
  } = {},
): Promise<{ status: number; body: string }> {
  const { method = 'POST', headers = {}, body } = options;
  const sent = body === undefined ? undefined : Buffer.from(body).toString('base64');
  const answer = await runOutside(CALLER, [url, method, headers, sent]);
  return JSON.parse(answer) as { status: number; body: string };
}

/** A webhook as GitHub sends it. */
export const GITHUB_ISSUE = {
  headers: {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/044aadd',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-github-event': 'issues',
    'x-hub-signature-256':
      'sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c',
  },
  body: JSON.stringify({
    action: 'opened',
    issue: {
      url: 'https://api.github.com/repos/octocat/hello-world/issues/1347',
      number: 1347,
      title: 'The ferry leaves without its passengers',
      user: { login: 'octocat', id: 1, site_admin: false },
      labels: [{ id: 208045946, name: 'bug', color: 'f29513' }],
      assignee: null,
    },
    repository: { id: 1296269, full_name: 'octocat/hello-world', private: false },
    sender: { login: 'octocat', id: 1 },
  }),
};
