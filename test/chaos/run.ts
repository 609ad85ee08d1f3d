import { parseArgs } from 'node:util';
import { Rig } from '../e2e/support/rig.ts';
import { KILL_POINTS } from './plan.ts';
import { playRound } from './round.ts';

/**
 * Kills proxy, agent and target at every moment that matters, again and again, and compares the
 * ledgers of callers and target: `npm run build`, then `npm run test:chaos`. Everything stays on
 * loopback. `--rounds 2` plays fewer, `--only "before fsync"` one point, `--seed` begins elsewhere.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const rounds = Math.min(Number(values.rounds), 1_000);
const points = KILL_POINTS.filter(({ name }) => values.only === undefined || name === values.only);
if (points.length === 0) throw new Error(`there is no kill point "${values.only}"`);

const COLUMNS = ['rounds', 'requests', 'accepted', 'lost', 'duplicates'] as const;
console.log(`| killed at                      | ${COLUMNS.join(' | ')} |`);
console.log(
  `| ------------------------------ | ${COLUMNS.map((name) => '-'.repeat(name.length)).join(' | ')} |`,
);

let failed = false;
for (const point of points) {
  const sums = { rounds: 0, requests: 0, accepted: 0, lost: 0, duplicates: 0 };
  const wrong: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const seed = Number(values.seed) + round;
    const rig = new Rig();
    try {
      const findings = await playRound(rig, point, seed);
      sums.rounds += 1;
      sums.requests += findings.requests;
      sums.accepted += findings.accepted;
      sums.lost += findings.lost;
      sums.duplicates += findings.duplicates;
      wrong.push(...findings.wrong.map((text) => `seed ${seed}: ${text}`));
    } catch (error) {
      wrong.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      console.error(rig.report());
    } finally {
      await rig.end();
    }
  }
  const cells = COLUMNS.map((name) => String(sums[name]).padStart(name.length));
  console.log(`| ${point.name.padEnd(30)} | ${cells.join(' | ')} |`);
  for (const text of wrong.slice(0, 10)) console.log(`  ${text}`);
  failed ||= wrong.length > 0;
}
process.exitCode = failed ? 1 : 0;
