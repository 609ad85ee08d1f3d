import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MODULE = new URL('../../src/routing/fail-point.ts', import.meta.url);
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** Meets three fail points in turn, and says before each of them that it is alive. */
const PROGRAM = `
import { writeSync } from 'node:fs';
import { failPoint } from ${JSON.stringify(MODULE.href)};
for (const name of ['leased', 'accepted', 'leased']) {
  writeSync(1, name + ' ');
  failPoint(name);
}
writeSync(1, 'end');`;

describe('a fail point', function () {
  // Threads and processes take their time to start on a busy machine.
  this.timeout(20_000);

  const run = async (
    named: string | undefined,
  ): Promise<{ said: string; signal: NodeJS.Signals | null }> => {
    const { CARONTE_FAIL_POINT: _, ...env } = process.env;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM],
      {
        cwd: PACKAGE,
        env: named === undefined ? env : { ...env, CARONTE_FAIL_POINT: named },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { said, signal };
  };

  it('does nothing unless it is named', async () => {
    assert.deepEqual(await run(undefined), { said: 'leased accepted leased end', signal: null });
  });

  it('kills the process when it is met', async () => {
    assert.deepEqual(await run('accepted'), { said: 'leased accepted ', signal: 'SIGKILL' });
  });

  it('kills the process when it is met so many times', async () => {
    assert.deepEqual(await run('leased:2'), {
      said: 'leased accepted leased ',
      signal: 'SIGKILL',
    });
  });
});
