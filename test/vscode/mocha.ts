import { Workbench, type WorkbenchOptions } from './workbench.ts';

/** Room for the installation, which the first test of all may have to wait for. */
const SETUP_TIMEOUT = 10 * 60_000;
const CLOSE_TIMEOUT = 60_000;

/**
 * One workbench for the tests of a `describe`. After a failure it leaves a screenshot in
 * `test-results` and prints what server, extension host and window have said since the start.
 *
 * @returns what gives the workbench to a test or a hook, once it is open.
 */
export function useWorkbench(
  options: WorkbenchOptions | (() => WorkbenchOptions | Promise<WorkbenchOptions>) = {},
): () => Workbench {
  let workbench: Workbench | undefined;

  before('open VS Code', async function () {
    this.timeout(SETUP_TIMEOUT);
    workbench = await Workbench.open(typeof options === 'function' ? await options() : options);
  });

  afterEach('report a failure', async function () {
    const test = this.currentTest;
    if (workbench === undefined || test?.state !== 'failed') return;
    const picture = await workbench.screenshot(`failed ${test.fullTitle()}`);
    console.error(`${test.fullTitle()}: see ${picture}\n${await workbench.diagnostics()}`);
  });

  after('close VS Code', async function () {
    this.timeout(CLOSE_TIMEOUT);
    await workbench?.close();
  });

  return () => {
    if (workbench === undefined) throw new Error('VS Code is only open in tests and their hooks');
    return workbench;
  };
}
