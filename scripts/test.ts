import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './paths.ts';

/**
 * `npm test`: everything that has to hold, in the order in which a failure is cheapest to find.
 * `npm test -- --only unit` runs single steps; `--list` names them.
 */
interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Where it runs, below the root. */
  readonly folder?: string;
  /** Whether it runs mocha, whose tests are counted and none of which may be left out. */
  readonly counts: boolean;
}

const MOCHA = ['node_modules/mocha/bin/mocha.js', '--no-color'];

const STEPS: readonly Step[] = [
  {
    name: 'format',
    command: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    counts: false,
  },
  {
    name: 'lint',
    command: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
    counts: false,
  },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-b'], counts: false },
  { name: 'unused', command: ['node_modules/knip/bin/knip.js'], counts: false },
  { name: 'unit', command: MOCHA, counts: true },
  {
    name: 'proxy',
    command: ['../node_modules/mocha/bin/mocha.js', '--no-color'],
    folder: 'proxy-server',
    counts: true,
  },
  { name: 'build', command: ['node_modules/tsx/dist/cli.mjs', 'scripts/build.ts'], counts: false },
  { name: 'package', command: [...MOCHA, '--config', 'test/package/.mocharc.json'], counts: true },
  { name: 'e2e', command: [...MOCHA, '--config', 'test/e2e/.mocharc.json'], counts: true },
  { name: 'vscode', command: [...MOCHA, '--config', 'test/vscode/.mocharc.json'], counts: true },
];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}

/** Runs a step with its output shown as it comes. Resolves with its exit code and its output. */
function run(step: Step): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, step.command, {
    cwd: join(ROOT, step.folder ?? '.'),
    env: { ...process.env, FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    output += chunk.toString('utf8');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Reads mocha's closing lines. */
function count(output: string): Counts {
  const total = (word: string): number =>
    [...output.matchAll(new RegExp(`^ +(\\d+) ${word}\\b`, 'gm'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  return { passed: total('passing'), failed: total('failing'), pending: total('pending') };
}

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
});
if (values.list === true) {
  for (const { name } of STEPS) console.log(name);
  process.exit(0);
}
const unknown = values.only?.find((name) => !STEPS.some((step) => step.name === name));
if (unknown !== undefined) {
  console.error(`There is no step "${unknown}": npm test -- --list names them.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const step of STEPS) {
  if (values.only !== undefined && !values.only.includes(step.name)) continue;
  const began = Date.now();
  console.log(`\n== ${step.name}`);
  const { code, output } = await run(step);
  const counts = step.counts ? count(output) : undefined;
  passed += counts?.passed ?? 0;
  failed += counts?.failed ?? 0;
  const trouble =
    counts !== undefined && counts.pending > 0
      ? `${counts.pending} tests were left out`
      : counts?.passed === 0
        ? 'no test ran'
        : code !== 0
          ? `exit code ${code}`
          : undefined;
  if (trouble !== undefined) {
    console.log(`\n== ${step.name} failed: ${trouble}`);
    console.log(`${passed} passed, ${Math.max(failed, 1)} failed`);
    process.exit(1);
  }
  console.log(`== ${step.name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
console.log(`\n${passed} passed, ${failed} failed`);
