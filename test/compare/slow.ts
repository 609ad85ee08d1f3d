import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Caller } from '../e2e/support/caller.ts';
import { jsonLine } from '../e2e/support/json-lines.ts';
import { Program } from '../e2e/support/program.ts';
import { Rig } from '../e2e/support/rig.ts';
import { type Figures, figuresOf, shown } from './figures.ts';

/**
 * Good traffic beside slow attacks: `npm run build`, then `npm run test:slow`. Prints the latency of
 * the good traffic before, during and after each attack, and ends with 1 if the attack cost it a
 * failure or more than {@link WORST}. Everything stays on loopback.
 */
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    connections: { type: 'string', default: '200' },
    every: { type: 'string', default: '10' },
  },
});
const seconds = Math.min(Number(flags.seconds), 60);
const connections = Math.min(Number(flags.connections), 1_500);

/** Seconds between two signs of life of a slow caller; 10 is what slowhttptest does by itself. */
const every = flags.every;

/**
 * How many times the usual p99 the one during an attack may be, by how many milliseconds more, and how
 * long one answer may take: callers who wait for long ask less often, and hardly move the p99.
 */
const WORST = { ratio: 1.5, floorMs: 5, maxMs: 1_000 };

/** Good callers, and how often each of them asks. */
const CALLERS = 4;
const EVERY_MS = 10;

const TARGET = fileURLToPath(new URL('slow-target.ts', import.meta.url));

/** New connections of an attack a second: all are there after a third of the usual time. */
const RATE = Math.max(50, connections / 10);

/** What slowhttptest is told, besides where and how long. */
const ATTACKS: readonly { name: string; path: string; flags: readonly string[] }[] = [
  { name: 'slow heads', path: '/', flags: ['-H', '-i', every, '-x', '24'] },
  { name: 'slow bodies', path: '/', flags: ['-B', '-i', every, '-s', '8192', '-x', '10'] },
  {
    name: 'slow readers',
    path: '/large',
    flags: ['-X', '-k', '3', '-w', '10', '-y', '20', '-n', '1', '-z', '32'],
  },
];

/** Latencies of good requests, in milliseconds, for as long as `over` is not settled. */
async function goodTraffic(port: number, path: string, over: Promise<unknown>) {
  const latencies: number[] = [];
  let failures = 0;
  const stop = new AbortController();
  const ended = over.then(() => stop.abort());
  const one = async (): Promise<void> => {
    let caller = await Caller.connect(port);
    while (!stop.signal.aborted) {
      try {
        const answer = await caller.send({ method: 'POST', path, body: 'x'.repeat(1024) }).whole;
        if (answer.status !== 200) failures += 1;
        latencies.push(answer.ms);
      } catch {
        failures += 1;
        caller.leave();
        caller = await Caller.connect(port);
      }
      await delay(EVERY_MS);
    }
    caller.leave();
  };
  await Promise.all([ended, ...Array.from({ length: CALLERS }, one)]);
  return { figures: figuresOf(latencies), failures };
}

function attack(url: string, extra: readonly string[]): Promise<void> {
  const all = ['-c', connections, '-r', RATE, '-l', seconds, '-p', 3, '-u', url];
  const child = spawn('slowhttptest', [...extra, ...all.map(String)], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 10) * 1000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function run(rig: Rig): Promise<void> {
  const target = rig.add(
    Program.node([...process.execArgv, TARGET], { name: 'target', cwd: process.cwd() }),
  );
  const { port: targetPort } = await jsonLine(target, {});
  const { port, base } = await rig.tunnel({ targetPort: Number(targetPort) });
  const path = `${base}/`;
  await goodTraffic(port, path, delay(2_000));
  for (const { name, path: below, flags: extra } of ATTACKS) {
    const before = await goodTraffic(port, path, delay(seconds * 1000));
    const url = `http://127.0.0.1:${port}${base}${below}`;
    const during = await goodTraffic(port, path, attack(url, extra));
    const after = await goodTraffic(port, path, delay(seconds * 1000));
    const failures = before.failures + during.failures + after.failures;
    if (!report(name, before.figures, during.figures, after.figures, failures))
      process.exitCode = 1;
  }
}

/** Prints what was measured. Returns whether it is well. */
function report(
  name: string,
  before: Figures,
  during: Figures,
  after: Figures,
  failures: number,
): boolean {
  // A machine that became slower meanwhile has not been made so by the attack.
  const usual = Math.max(before.p99, after.p99);
  // Where nothing was answered there is no p99, and no comparison holds.
  const isWell =
    failures === 0 &&
    during.p99 <= usual * WORST.ratio + WORST.floorMs &&
    during.max <= WORST.maxMs;
  console.log(`${name}: ${connections} connections for ${seconds} s`);
  console.log(`  before  ${shown(before)}`);
  console.log(`  during  ${shown(during)}, ${failures} failed`);
  console.log(`  after   ${shown(after)}`);
  console.log(
    `  p99 during / usual: ${(during.p99 / usual).toFixed(2)}, ${isWell ? 'well' : 'FAILED'}`,
  );
  return isWell;
}

if (spawnSync('slowhttptest', ['-h']).error !== undefined) {
  console.error(
    'slowhttptest is not there: install it (Debian, Ubuntu: apt-get install slowhttptest)',
  );
  process.exitCode = 1;
} else {
  const rig = new Rig();
  try {
    await run(rig);
  } finally {
    await rig.end();
  }
}
