import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { call } from './support/caller.ts';
import { Program } from './support/program.ts';
import { type Rig, useRig } from './support/rig.ts';
import { within } from './support/waiting.ts';

/** The original's walk-through: its commands, word for word, but for the program's path. */
describe('the walk-through of the original', () => {
  const rig = useRig();

  it('gives the caller its own data back after a second', async function () {
    this.timeout(30_000);
    const proxyPort = await freePort(8080);
    const targetPort = await freePort(5000);

    // A default is left to the program; a port that this machine has in use is replaced.
    const echo = ['echo', '--delay', '1', ...(targetPort === 5000 ? [] : ['--port', targetPort])];
    const proxy = [
      'proxy',
      '--secret',
      'SECRET',
      ...(proxyPort === 8080 ? [] : ['--port', proxyPort]),
    ];
    const agent = [
      ...['agent', '--secret', 'SECRET', '--code', 'EXAMPLE_TARGET'],
      ...['--target-port', targetPort, '--send-reply'],
      ...['--proxy-host', 'localhost', '--proxy-port', proxyPort],
    ];
    const programs = {
      echo: start(rig(), echo),
      proxy: start(rig(), proxy),
      agent: start(rig(), agent),
    };
    await programs.echo.text(/listening/);
    await programs.proxy.text(/listening/);
    await programs.agent.text(/live at .*\/forward\/EXAMPLE_TARGET\//);

    const since = performance.now();
    const path = '/forward/EXAMPLE_TARGET/whatever/path';
    assert.equal(await post(rig(), 'localhost', proxyPort, path), 'any data');
    assert.ok(performance.now() - since >= 1000, 'the delay of the echo target was waited for');

    await programs.echo.text(/POST \/whatever\/path 200/);
    await programs.agent.text(/POST \/whatever\/path 200/);
    for (const { name, output } of Object.values(programs)) {
      const said = output.replaceAll('CARONTE_SECRET', '');
      assert.ok(!said.includes('SECRET'), `no secret in the output of ${name}`);
    }
  });
});

function start(rig: Rig, args: readonly (string | number)[]): Program {
  return rig.caronte(args.map(String), { secret: null });
}

/** The port itself if it can be had on every address, else another one; says so. */
async function freePort(wanted: number): Promise<number> {
  if ((await tryPort(wanted)) === wanted) return wanted;
  const other = await tryPort(0);
  assert.ok(other !== undefined);
  console.log(`      port ${wanted} is in use here: ${other} takes its place`);
  return other;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '0.0.0.0', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** `curl -X POST --data "any data"`, or the same bytes where there is no curl. */
async function post(rig: Rig, host: string, port: number, path: string): Promise<string> {
  if (hasCurl()) {
    const url = `${host}:${port}${path}`;
    const curl = rig.add(
      Program.start('curl', ['-X', 'POST', '--data', 'any data', url], {
        name: 'curl',
        cwd: rig.folder(),
      }),
    );
    assert.deepEqual(await within(10_000, 'end of curl', curl.ended), { code: 0, signal: null });
    const said = curl.lines.filter(({ stream }) => stream === 'stdout');
    return said.map(({ text }) => text).join('\n');
  }
  console.log('      there is no curl here: a socket sends what curl sends');
  const answer = await call(port, {
    method: 'POST',
    path,
    fields: [
      ['Host', `${host}:${port}`],
      ['User-Agent', 'curl/8.5.0'],
      ['Accept', '*/*'],
      ['Content-Length', '8'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ],
    body: 'any data',
  });
  assert.equal(answer.status, 200);
  return answer.body.toString('latin1');
}

function hasCurl(): boolean {
  const names = process.platform === 'win32' ? ['curl.exe'] : ['curl'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}
