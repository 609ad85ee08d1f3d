import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Mocha from 'mocha';
import { buildDriver } from './driver/build.ts';
import { PARAMETERS } from './driver/parameters.ts';
import type { InHostError, InHostReport } from './driver/report.ts';
import { waitUntil } from './waiting.ts';
import { Workbench, type WorkbenchOptions } from './workbench.ts';

export interface InHostSuite extends Omit<WorkbenchOptions, 'extensions'> {
  /** The test files, as absolute paths. They use mocha's globals and may import `vscode`. */
  readonly tests: readonly string[];
  /** Anything that JSON can carry; the tests get it from `testParameters`. */
  readonly parameters?: unknown;
  /** Milliseconds per test. Default: 20 s. */
  readonly testTimeout?: number;
  /** Milliseconds for the whole suite, from when the window is up. Default: 3 minutes. */
  readonly suiteTimeout?: number;
}

/** Room for the installation of the server on top of the suite's own time. */
const SETUP_TIMEOUT = 10 * 60_000;

/**
 * Runs tests inside the extension host of a real VS Code and shows each as a test of this process.
 * They all run at once, before the first is shown. If any fails, the logs of server, extension host
 * and extensions are printed.
 */
export function describeInHost(
  title: string,
  suite: InHostSuite | (() => InHostSuite | Promise<InHostSuite>),
): void {
  const parent = describe(title, () => {
    let report: InHostReport = { tests: [] };

    before('run the suite in VS Code', async function () {
      this.timeout(SETUP_TIMEOUT);
      const options = typeof suite === 'function' ? await suite() : suite;
      report = await runInHost(options);
      addTests(parent, report);
    });

    it('comes to its end in the extension host', () => {
      if (report.fatal !== undefined) throw toError(report.fatal);
      if (report.tests.length === 0) throw new Error('The suite has no tests');
    });
  });
}

/**
 * Runs tests inside the extension host and returns what came of them.
 *
 * @throws if the suite does not end in time; the message has the logs.
 */
export async function runInHost(suite: InHostSuite): Promise<InHostReport> {
  const folder = await mkdtemp(join(tmpdir(), 'in-host-'));
  try {
    const reportFile = join(folder, 'report.json');
    const timeout = suite.testTimeout ?? 20_000;
    const driver = await buildDriver(folder, suite.tests, { report: reportFile, timeout });
    const workbench = await Workbench.open({
      ...suite,
      extensions: [driver.folder],
      env: { ...suite.env, [PARAMETERS]: JSON.stringify(suite.parameters ?? {}) },
    });
    try {
      await waitUntil(
        async () => exists(reportFile),
        async () => `the report of the suite\n${await workbench.diagnostics()}`,
        suite.suiteTimeout ?? 3 * 60_000,
      );
      const report = JSON.parse(await readFile(reportFile, 'utf8')) as InHostReport;
      const failed = report.tests.some(({ state }) => state === 'failed');
      if (failed || report.fatal !== undefined) console.error(await workbench.diagnostics());
      return withMappedStacks(report, driver.mapStack);
    } finally {
      await workbench.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mocha runs what a `before` hook adds to its own suite's children. */
function addTests(parent: Mocha.Suite, report: InHostReport): void {
  for (const test of report.tests) {
    let suite = parent;
    for (const title of test.suites) {
      suite =
        suite.suites.find((child) => child.title === title) ?? Mocha.Suite.create(suite, title);
    }
    if (test.state === 'pending') {
      suite.addTest(new Mocha.Test(test.title));
      continue;
    }
    const replay = (): void => {
      if (test.error !== undefined) throw toError(test.error);
    };
    suite.addTest(new Mocha.Test(test.title, replay));
  }
}

function toError({ message, stack, actual, expected }: InHostError): Error {
  const error = new Error(message);
  error.stack = stack;
  if (actual === undefined || expected === undefined) return error;
  return Object.assign(error, { actual, expected, showDiff: true });
}

function withMappedStacks(report: InHostReport, map: (stack: string) => string): InHostReport {
  const mapError = (error: InHostError): InHostError => ({ ...error, stack: map(error.stack) });
  return {
    tests: report.tests.map((test) =>
      test.error === undefined ? test : { ...test, error: mapError(test.error) },
    ),
    ...(report.fatal === undefined ? {} : { fatal: mapError(report.fatal) }),
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
