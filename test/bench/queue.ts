import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jsonLine } from '../e2e/support/json-lines.ts';
import type { Program } from '../e2e/support/program.ts';
import { Rig } from '../e2e/support/rig.ts';
import { until } from '../e2e/support/waiting.ts';
import { runLoad } from './load.ts';
import { MessageEnd } from './message-end.ts';

/**
 * How fast a queue takes requests, starts with them and gives them back: `npm run build`, then
 * `npm run bench:queue`. Real processes on loopback: the command line as it is shipped; load and
 * target, both raw sockets, share this one. `--folder` is where the queue lies: on a disk, if the
 * figures are to say something about fsync.
 */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const requests = Math.min(Number(values.requests), 500_000);
const BODY = 4 * 1024;
const CALLERS = 64;
const CODE = 'bench';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

const rig = new Rig();
const folder = mkdtempSync(join(values.folder, 'caronte-bench-queue-'));

/** The numbers of the requests in the order in which the target got them. */
let got: number[] = [];

/** A target that notes when each request was received, which the proxy tells it. */
async function startTarget(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    const end = new MessageEnd();
    let head = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (!end.push(chunk)) return;
      got.push(Date.parse(/caronte-received: (\S+)/i.exec(head)?.[1] ?? ''));
      head = '';
      socket.write(ANSWER);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  rig.onEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

function startProxy(): Promise<{ proxy: Program; port: number }> {
  const quota = ['--queue-count', '1000000', '--queue-bytes', String(8 * 1024 ** 3)];
  return rig.proxy(['--data-dir', folder, ...quota]);
}

/** Peak and present memory of a process, in MiB. */
function memory({ pid }: Program): { readonly peak: number; readonly now: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024);
  return { peak: of('VmHWM'), now: of('VmRSS') };
}

function shown({ peak, now }: { readonly peak: number; readonly now: number }): string {
  return `${now} MiB, at most ${peak}`;
}

/** Drains what waits; says how fast, and whether in order. */
async function drain(port: number, targetPort: number, parallel: number, proxy: Program) {
  got = [];
  const flags = ['--send-reply', '--offline', 'queue', '--parallel', String(parallel)];
  const agent = rig.agent({ port, code: CODE, targetPort }, flags);
  await until(() => got.length > 0, 'a first delivery', 30_000);
  const began = performance.now();
  await until(() => got.length >= requests, `all deliveries (${got.length})`, 600_000);
  const seconds = (performance.now() - began) / 1000;
  const inOrder = got.every((at, index) => index === 0 || at >= (got[index - 1] ?? 0));
  console.log(
    `drained with --parallel ${parallel}: ${(requests / seconds).toFixed(0)} a second, ${inOrder ? 'in order' : 'not in order'}, ${got.length} deliveries; proxy ${shown(memory(proxy))}`,
  );
  await agent.end('SIGTERM');
}

async function fill(port: number): Promise<void> {
  const began = performance.now();
  const { answered, errors, p50, p99 } = await runLoad({
    host: '127.0.0.1',
    port,
    path: `/forward/${CODE}/hook`,
    callers: CALLERS,
    seconds: 600,
    bodyBytes: BODY,
    requests,
  });
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `accepted: ${(answered / seconds).toFixed(0)} a second by ${CALLERS} callers, ${BODY} bytes each; p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ${errors} errors`,
  );
}

try {
  const targetPort = await startTarget();
  let { proxy, port } = await startProxy();
  for (const parallel of [1, 64]) {
    // The tunnel has to be known before requests for it are kept.
    const agent = rig.agent({ port, code: CODE, targetPort }, [
      '--send-reply',
      '--offline',
      'queue',
    ]);
    await jsonLine(agent, { event: 'state', state: 'live' });
    await agent.end('SIGTERM');
    await fill(port);
    console.log(`proxy with ${requests} requests kept: ${shown(memory(proxy))}`);

    await proxy.end('SIGTERM', 30_000);
    const began = performance.now();
    ({ proxy, port } = await startProxy());
    const ms = performance.now() - began;
    console.log(`started with them in ${ms.toFixed(0)} ms; ${shown(memory(proxy))}`);
    await drain(port, targetPort, parallel, proxy);
  }
} finally {
  await rig.end();
  rmSync(folder, { recursive: true, force: true });
}
