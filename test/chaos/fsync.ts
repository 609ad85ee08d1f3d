import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI } from '../../scripts/paths.ts';
import { Caller, field } from '../e2e/support/caller.ts';
import { jsonLine } from '../e2e/support/json-lines.ts';
import { Program } from '../e2e/support/program.ts';
import { Rig } from '../e2e/support/rig.ts';
import { until } from '../e2e/support/waiting.ts';

/**
 * Shows that a 202 leaves after the request is on disk: `npm run build`, then `npm run test:fsync`.
 * The proxy runs under strace, which tells its system calls in the order in which they ended.
 * Requests are sent one at a time, so that each 202 has flushes of its own before it.
 */
const REQUESTS = 20;
const SMALL = 1_000;
const LARGE = 200_000;

/** A file was flushed, or an answer was written. */
type Step = { readonly kind: 'flushed'; readonly path: string } | { readonly kind: '202' };

/** The steps of a trace. A call that others interrupted counts where it ended. */
function stepsOf(trace: string): Step[] {
  const steps: Step[] = [];
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, pid = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const path = /^f(?:data)?sync\(\d+<([^>]+)>/.exec(call)?.[1];
    if (path !== undefined) {
      if (call.includes('<unfinished')) begun.set(pid, path);
      else if (call.endsWith('= 0')) steps.push({ kind: 'flushed', path });
    } else if (/^<\.\.\. f(?:data)?sync resumed>.*= 0$/.test(call)) {
      steps.push({ kind: 'flushed', path: begun.get(pid) ?? '' });
    } else if (/^(?:write|writev|sendto|sendmsg)\(/.test(call) && call.includes('HTTP/1.1 202')) {
      // Counted where it began: what matters is what had ended before.
      steps.push({ kind: '202' });
    }
  }
  return steps;
}

const rig = new Rig();
try {
  const folder = rig.folder();
  const data = join(folder, 'data');
  const output = join(folder, 'trace');
  const calls = 'trace=fsync,fdatasync,write,writev,sendto,sendmsg';
  // As a grandchild, so that signals reach the proxy itself.
  const strace = ['-D', '-f', '-y', '-s', '64', '-e', calls, '-o', output, process.execPath, CLI];
  const flags = ['proxy', '--host', '127.0.0.1', '--port', '0', '--data-dir', data];
  const proxy = rig.add(
    Program.start('strace', [...strace, ...flags], {
      name: 'proxy',
      cwd: folder,
      env: { CARONTE_SECRET: rig.secret },
    }),
  );
  const port = Number((await jsonLine(proxy, { msg: 'listening' }))['port']);
  const agent = rig.agent({ port, code: 'orders', targetPort: 1 }, ['--offline', 'queue']);
  await jsonLine(agent, { event: 'state', state: 'live' });
  await agent.end('SIGTERM');

  const caller = await Caller.connect(port);
  for (let index = 0; index < REQUESTS; index += 1) {
    const body = Buffer.alloc(index % 2 === 0 ? SMALL : LARGE, 'x');
    const answer = await caller.send({ method: 'POST', path: '/forward/orders/', body }).whole;
    if (answer.status !== 202)
      throw new Error(`${answer.status}: ${field(answer, 'caronte-error')}`);
  }
  caller.leave();
  await proxy.end('SIGTERM');
  const trace = (): string => readFileSync(output, 'utf8');
  await until(
    () => new RegExp(`^${proxy.pid} +[+]{3} exited`, 'm').test(trace()),
    'end of the trace',
  );

  const missing: string[] = [];
  let accepted = 0;
  let since: string[] = [];
  for (const step of stepsOf(trace())) {
    if (step.kind === 'flushed') {
      since.push(step.path);
      continue;
    }
    const flushed = (part: string): boolean => since.some((path) => path.includes(part));
    const isLarge = accepted % 2 === 1;
    if (!flushed('-wal')) missing.push(`202 number ${accepted + 1}: the log was not flushed`);
    if (isLarge && !since.some((path) => /\/bodies\/./.test(path))) {
      missing.push(`202 number ${accepted + 1}: the body was not flushed`);
    }
    if (isLarge && !since.some((path) => path.endsWith('/bodies'))) {
      missing.push(`202 number ${accepted + 1}: the folder of the body was not flushed`);
    }
    accepted += 1;
    since = [];
  }
  if (accepted !== REQUESTS) missing.push(`${accepted} answers of ${REQUESTS} are in the trace`);
  for (const line of missing) console.log(line);
  console.log(
    `${accepted} answers 202, ${missing.length} of them without what must be on disk before`,
  );
  process.exitCode = missing.length > 0 ? 1 : 0;
} finally {
  await rig.end();
}
