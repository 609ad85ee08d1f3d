import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type LoadResult, runLoad } from './load.ts';

/**
 * `npm run bench`: requests per second and latency through proxy and agent, beside a plain reverse
 * proxy in the same run. Rounds alternate between the two, so that a change in the machine's speed
 * meets both; medians of the rounds are printed.
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

const children: ChildProcess[] = [];

async function startProcess(file: string, ...args: (string | number)[]): Promise<number> {
  const child = fork(new URL(file, import.meta.url), args.map(String));
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
  const target = await startProcess('./target.ts');
  const plain = await startProcess('./reverse-proxy.ts', target);
  const proxy = await startProcess('./tunnel-proxy.ts');
  await startProcess('./tunnel-agent.ts', proxy, target);
  for (const callers of [1, 64]) {
    const rows: Row[] = [
      { name: 'plain proxy', port: plain, path: '/hook', results: [] },
      { name: 'tunnel', port: proxy, path: '/forward/bench/hook', results: [] },
    ];
    for (let round = 0; round < rounds; round += 1) {
      for (const { port, path, results } of rows) {
        results.push(await runLoad({ host: '127.0.0.1', port, path, callers, seconds, bodyBytes }));
      }
    }
    print(callers, rows);
  }
} finally {
  for (const child of children) child.disconnect();
}
