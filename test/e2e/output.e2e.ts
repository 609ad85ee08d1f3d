import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { jsonLine, jsonOf } from './support/json-lines.ts';
import { responseText } from './support/raw-target.ts';
import { type Rig, type RunningTunnel, useRig } from './support/rig.ts';

const HOSTILE = '/\x5cx1b[31m/%1b%5b2J?token=sesame-open';

/** A tunnel through which a few requests went, with names that a terminal would act on. */
async function used(rig: Rig, agentFlags: readonly string[]): Promise<RunningTunnel> {
  const target = await rig.rawTarget(({ path }, socket) => {
    const status = path === '/bad' ? '404 Not Found' : '200 OK';
    socket.write(responseText([`HTTP/1.1 ${status}`, 'Content-Length: 0']));
  });
  const tunnel = await rig.tunnel({ targetPort: target.port });
  const { port } = tunnel;
  const agent = rig.agent({ port, code: 'shown', targetPort: target.port }, [
    '--send-reply',
    ...agentFlags,
  ]);
  await agent.text(/live/);
  for (const path of ['/good', HOSTILE, '/bad'])
    await call(port, { path: `/forward/shown${path}` });
  await agent.text(/\/bad/);
  await agent.end('SIGTERM');
  return { ...tunnel, agent };
}

describe('the output of an agent', () => {
  const rig = useRig();

  it('is plain text without control codes where it is no terminal', async () => {
    const { agent } = await used(rig(), ['--log-format', 'pretty']);
    // eslint-disable-next-line no-control-regex -- what must not be there
    assert.ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(agent.output), JSON.stringify(agent.output));
    await agent.text(/live at http:\/\/127\.0\.0\.1:\d+\/forward\/shown\//);
    await agent.text(/^\d\d:\d\d:\d\d GET \/good 200 \S+ ms$/);
    await agent.text(/^\d\d:\d\d:\d\d GET \/bad 404 \S+ ms$/);
    await agent.text(/^\d\d:\d\d:\d\d stopped$/);
  });

  it('never has a query, which may hold credentials', async () => {
    const pretty = await used(rig(), ['--log-format', 'pretty']);
    assert.ok(!pretty.agent.output.includes('sesame'));
    assert.ok(!pretty.proxy.output.includes('sesame'));
  });

  it('is one JSON object a line for machines', async () => {
    const { agent, proxy } = await used(rig(), ['--log-format', 'json']);
    for (const program of [agent, proxy]) {
      const lines = program.lines.filter(({ stream }) => stream === 'stdout');
      assert.ok(lines.length > 0);
      for (const line of lines) assert.ok(jsonOf(line), line.text);
    }
    const kinds = new Set(agent.lines.map((line) => jsonOf(line)?.['event']));
    assert.deepEqual(kinds, new Set(['start', 'state', 'exchange', 'stopping']));
    assert.ok(!agent.output.includes('sesame'));
  });

  it('warns of a secret in the argument list without showing it', async () => {
    const { port } = await rig().proxy();
    const agent = rig().caronte(
      [
        ...['agent', '--secret', rig().secret, '--code', 'x', '--proxy-port', String(port)],
        ...['--proxy-host', '127.0.0.1', '--log-format', 'json'],
      ],
      { secret: null },
    );
    await jsonLine(agent, { event: 'warning', code: 'secret_on_command_line' });
    await jsonLine(agent, { event: 'state', state: 'live' });
  });

  it('says what is wrong when a command cannot start, and exits with 2', async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['agent', '--code', 'x'], /no secret.*CARONTE_SECRET/],
      [['proxy'], /without a secret/],
      [['agent', '--secret', 'SECRET', '--code', '../x'], /--code/],
      [['agent', '--unknown'], /unknown option '--unknown'/],
      [['echo', '--port', '99999'], /--port/],
      [['proxy', '--secret', 'SECRET', '--port', 'http'], /--port/],
    ];
    for (const [args, expected] of cases) {
      const program = rig().caronte(args, { secret: null });
      assert.deepEqual(await program.ended, { code: 2, signal: null }, args.join(' '));
      assert.match(program.output, expected);
    }
  });
});
