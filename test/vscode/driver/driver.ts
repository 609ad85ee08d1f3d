import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Mocha from 'mocha';
import type { ExtensionContext } from 'vscode';
import type { DriverOptions, InHostError, InHostReport, InHostTest } from './report.ts';

/**
 * The extension that runs the suite. VS Code starts it when the window is up; it lives beside the
 * extension under test in the same extension host.
 */
export async function activate(context: ExtensionContext): Promise<void> {
  const file = join(context.extensionPath, 'driver.json');
  const options = JSON.parse(await readFile(file, 'utf8')) as DriverOptions;
  let report: InHostReport;
  try {
    report = { tests: await run(options, join(context.extensionPath, 'suite.cjs')) };
  } catch (error) {
    report = { tests: [], fatal: describeError(error) };
  }
  // Whole or not at all: the other side waits for the file.
  await writeFile(`${options.report}.part`, JSON.stringify(report));
  await rename(`${options.report}.part`, options.report);
}

async function run(options: DriverOptions, suite: string): Promise<InHostTest[]> {
  // Not bundled, since it loads parts of itself by name.
  const Runner = require(options.mocha) as typeof Mocha;
  const tests: InHostTest[] = [];
  const mocha = new Runner({
    ui: 'bdd',
    timeout: options.timeout,
    reporter: class extends Runner.reporters.Base {
      constructor(runner: Mocha.Runner) {
        super(runner);
        runner.on('pass', (test) => tests.push(describeTest(test, 'passed')));
        runner.on('pending', (test) => tests.push(describeTest(test, 'pending')));
        // Hooks fail here too, under a title that says which.
        runner.on('fail', (test, error) => tests.push(describeTest(test, 'failed', error)));
      }
    },
  });
  mocha.addFile(suite);
  await new Promise<void>((resolve) => {
    mocha.run(() => {
      resolve();
    });
  });
  return tests;
}

function describeTest(
  test: Mocha.Runnable,
  state: InHostTest['state'],
  error?: unknown,
): InHostTest {
  return {
    suites: test.titlePath().slice(0, -1),
    title: test.title,
    state,
    duration: test.duration ?? 0,
    ...(error === undefined ? {} : { error: describeError(error) }),
  };
}

function describeError(error: unknown): InHostError {
  if (!(error instanceof Error)) return { message: String(error), stack: '' };
  const { message, stack = '' } = error;
  if (!('actual' in error && 'expected' in error)) return { message, stack };
  return { message, stack, actual: asText(error.actual), expected: asText(error.expected) };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? String(value));
}
