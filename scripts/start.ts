/**
 * Shows Caronte at work: a proxy, a target that echoes, and an agent between them, each a process
 * of its own; sends one request all the way and back, then stays until Ctrl-C. With `--once` it
 * ends after the check, with 1 if it failed.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { bundleCli } from './bundle.ts';
import { Child } from './start/child.ts';
import { tidy } from './start/lines.ts';
import { freePort } from './start/ports.ts';

const CODE = 'example';
const HOST = '127.0.0.1';
const PORTS = { proxy: 8080, echo: 5000 } as const;

/** How long the request may take, in milliseconds. */
const REQUEST_MS = 10_000;

async function port(preferred: number, taken: readonly number[] = []): Promise<number> {
  const free = await freePort(preferred, taken);
  if (free !== preferred)
    console.log(`Port ${preferred} is taken by another program; using ${free}.`);
  return free;
}

/** Starts the three commands by `start`, each once those that it needs are up. */
async function startAll(
  start: (...of: ConstructorParameters<typeof Child>) => Child,
): Promise<{ publicUrl: string; target: string }> {
  const secret = { CARONTE_SECRET: randomBytes(24).toString('hex') };
  const proxyPort = await port(PORTS.proxy);
  const echoPort = await port(PORTS.echo, [proxyPort]);
  const proxy = start(
    'proxy',
    ['--host', HOST, '--port', String(proxyPort), '--log-level', 'warn', '--log-format', 'pretty'],
    secret,
    (line) => console.log(`proxy: ${line}`),
  );
  const echo = start('echo', ['--host', HOST, '--port', String(echoPort)], {}, () => undefined);
  const [proxyUrl, target] = await Promise.all([proxy.message(url), echo.message(url)]);

  const agent = start(
    'agent',
    [
      '--send-reply',
      '--log-format=json',
      `--code=${CODE}`,
      `--proxy-url=${proxyUrl}`,
      `--target=${target}`,
    ],
    secret,
    (line) => {
      const tidied = tidy(line);
      if (tidied !== undefined) console.log(`  ${tidied}`);
    },
  );
  const publicUrl = await agent.message((message) => (message as { urls?: string[] }).urls?.[0]);
  return { publicUrl, target };
}

function url(message: unknown): string | undefined {
  return (message as { url?: string }).url;
}

/** Sends a request through the tunnel, and checks that its body comes back from the target. */
async function check(publicUrl: string): Promise<void> {
  const body = `Hello from ${randomUUID()}`;
  const since = performance.now();
  const response = await fetch(`${publicUrl}hello?from=start`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const answer = await response.text();
  const took = (performance.now() - since).toFixed(0);
  if (response.status !== 200) throw new Error(`the tunnel answered ${response.status}: ${answer}`);
  if (answer !== body) throw new Error(`the tunnel answered "${answer}" to "${body}"`);
  console.log(`
Sent through the tunnel:  POST ${publicUrl}hello?from=start
What the target received: ${response.headers.get('echo-method')} ${response.headers.get('echo-path')}
What came back in ${took} ms: ${response.status}, "${answer}"`);
}

/** Resolves at Ctrl-C or when asked to end. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  const stop = asked();
  const children: Child[] = [];
  let stopping = false;
  try {
    await bundleCli();
    const started = startAll((...of) => {
      if (stopping) throw new Error('stopped before all was up');
      const child = new Child(...of);
      children.push(child);
      return child;
    });
    const tunnel = await Promise.race([started, stop]);
    if (tunnel === undefined) {
      // That it did not come up is of no interest any more.
      started.catch(() => undefined);
      return;
    }
    await check(tunnel.publicUrl);
    if (values.once) return;
    console.log(`
The tunnel is open: ${tunnel.publicUrl} leads to ${tunnel.target}. Try
  curl --data "any data" ${tunnel.publicUrl}whatever/path
Ctrl-C ends it. What passes through:`);
    const lost = children.map(async (child) => `${child.name} ended: ${await child.ended}`);
    const end = await Promise.race([stop, ...lost]);
    if (end !== undefined) throw new Error(end);
  } finally {
    stopping = true;
    // The agent first, so that it can say good-bye.
    for (const child of children.toReversed()) await child.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
