import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { type LoadResult, runLoad } from './load.ts';

/**
 * `npm run bench`: requests per second and latency through proxy and agent, beside a plain reverse
 * proxy in the same run. Rounds alternate between the two, so that a change in the machine's speed
 * meets both; medians of the rounds are printed. What runs is what is shipped: bundled and minified.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    body: { type: 'string', default: '1024' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const bodyBytes = Number(values.body);

/** Code that has just started runs at a fraction of its speed for so many seconds. */
const WARM_UP_SECONDS = 3;

const PROGRAMS = ['target', 'reverse-proxy', 'tunnel-proxy', 'tunnel-agent'] as const;
type Program = (typeof PROGRAMS)[number];

/** Dependencies that are CommonJS call `require`, which an ES module does not have. */
const REQUIRE = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

const children: ChildProcess[] = [];
const folder = await mkdtemp(join(tmpdir(), 'caronte-bench-'));

async function startProcess(program: Program, ...args: number[]): Promise<number> {
  const child = fork(join(folder, `${program}.mjs`), args.map(String), { execArgv: [] });
  children.push(child);
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return message.port;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

interface Row {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly results: LoadResult[];
}

function print(callers: number, rows: readonly Row[]): void {
  console.log(`\n${callers} caller${callers === 1 ? '' : 's'}, POST of ${bodyBytes} bytes`);
  for (const { name, results } of rows) {
    const rate = median(results.map((result) => result.requestsPerSecond));
    const p50 = median(results.map((result) => result.p50));
    const p99 = median(results.map((result) => result.p99));
    const errors = results.reduce((sum, result) => sum + result.errors, 0);
    console.log(
      `  ${name.padEnd(14)} ${rate.toFixed(0).padStart(7)} req/s   p50 ${p50.toFixed(3)} ms   p99 ${p99.toFixed(3)} ms   errors ${errors}`,
    );
  }
  const [plain, tunnel] = rows.map((row) => row.results.map((result) => result.requestsPerSecond));
  const ratios = (tunnel ?? []).map((rate, round) => rate / (plain?.[round] ?? Number.NaN));
  console.log(
    `  tunnel / plain ${median(ratios).toFixed(2)}   (rounds: ${ratios.map((r) => r.toFixed(2)).join(', ')})`,
  );
}

try {
  await build({
    entryPoints: PROGRAMS.map((program) =>
      fileURLToPath(new URL(`${program}.ts`, import.meta.url)),
    ),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    conditions: ['caronte-source'],
    banner: { js: REQUIRE },
  });
  const target = await startProcess('target');
  const plain = await startProcess('reverse-proxy', target);
  const proxy = await startProcess('tunnel-proxy');
  await startProcess('tunnel-agent', proxy, target);
  for (const callers of [1, 64]) {
    const rows: Row[] = [
      { name: 'plain proxy', port: plain, path: '/hook', results: [] },
      { name: 'tunnel', port: proxy, path: '/forward/bench/hook', results: [] },
    ];
    const load = { host: '127.0.0.1', callers, bodyBytes };
    for (const { port, path } of rows) {
      await runLoad({ ...load, port, path, seconds: WARM_UP_SECONDS });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const { port, path, results } of rows) {
        results.push(await runLoad({ ...load, port, path, seconds }));
      }
    }
    print(callers, rows);
  }
} finally {
  for (const child of children) child.disconnect();
  await rm(folder, { recursive: true });
}
