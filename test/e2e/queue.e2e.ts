import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { call, field } from './support/caller.ts';
import { jsonLine, jsonOf } from './support/json-lines.ts';
import type { Program } from './support/program.ts';
import { ok, type RawTarget } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';
import { until, within } from './support/waiting.ts';

const QUEUEING = ['--send-reply', '--offline', 'queue'];

/** How long the agent sleeps while requests arrive, in milliseconds: longer than it counts as there. */
const SLEEP_MS = 12_000;
const ARRIVING = 500;

/** From waking until the tunnel must be live, in milliseconds. */
const AWAKE_MS = 5_000;

describe('a tunnel with --offline queue', () => {
  const rig = useRig();
  let target: RawTarget;
  let port: number;
  let proxy: Program;
  let data: string;

  beforeEach(async () => {
    target = await rig().rawTarget(({ path }, socket) => socket.write(ok(path)));
    data = join(rig().folder(), 'data');
    ({ proxy, port } = await rig().proxy(['--data-dir', data]));
  });

  async function start(flags: readonly string[] = []): Promise<Program> {
    const tunnel = { port, code: 'orders', targetPort: target.port };
    const agent = rig().agent(tunnel, [...QUEUEING, ...flags]);
    await jsonLine(agent, { event: 'state', state: 'live' });
    return agent;
  }

  async function post(path: string): Promise<{ readonly status: number; readonly id: string }> {
    const request = { method: 'POST', path: `/forward/orders${path}`, body: path };
    const answer = await call(port, request, 15_000);
    return { status: answer.status, id: field(answer, 'caronte-exchange') ?? '' };
  }

  async function keep(...paths: readonly string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const path of paths) {
      const { status, id } = await post(path);
      assert.equal(status, 202, path);
      ids.push(id);
    }
    return ids;
  }

  /** Runs `caronte queue …`; resolves with what it said, less the last end of a line. */
  async function queue(...args: readonly string[]): Promise<{ code: number | null; said: string }> {
    const way = ['--code', 'orders', '--proxy-host', '127.0.0.1', '--proxy-port', String(port)];
    const program = rig().caronte(['queue', ...args, ...way]);
    const { code } = await within(15_000, 'end of caronte queue', program.ended);
    return { code, said: program.output.trimEnd() };
  }

  function paths(): string[] {
    return target.requests.map(({ path }) => path);
  }

  it('delivers in order what came while its agent was away, and the agent says so', async () => {
    await (await start()).end('SIGTERM');
    await keep('/1', '/2', '/3');
    const agent = await start();
    const told = await jsonLine(agent, { event: 'queue', waiting: 3 });
    assert.equal(told['paused'], false);
    await until(() => paths().length === 3, 'all three at the target');
    assert.deepEqual(paths(), ['/1', '/2', '/3']);
    await jsonLine(agent, { event: 'queue', waiting: 0 }, { from: agent.lines.length - 1 });
  });

  it('lets people look, and say what becomes of each', async () => {
    await (await start()).end('SIGTERM');
    const [first = '', second = ''] = await keep('/first', '/second', '/third');
    const agent = await start(['--review']);
    await jsonLine(agent, { event: 'queue', waiting: 3, paused: true });
    const listed = await queue('list', '--json');
    assert.equal(listed.code, 0, listed.said);
    assert.match(listed.said, new RegExp(first));
    const shown = await queue('show', first.slice(0, 8), '--body');
    assert.deepEqual(shown, { code: 0, said: '/first' });
    assert.equal((await queue('discard', second.slice(0, 8))).code, 0);
    assert.deepEqual(paths(), []);
    assert.equal((await queue('resume')).code, 0);
    await until(() => paths().length === 2, 'two at the target');
    assert.deepEqual(paths(), ['/first', '/third']);
  });

  it('delivers dead letters by hand', async () => {
    const agent = await start(['--on-refused', 'dead']);
    await agent.end('SIGTERM');
    await keep('/refused');
    target.close();
    const refusing = await rig().rawTarget((_request, socket) => {
      socket.write('HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n');
    });
    target = refusing;
    const again = await start(['--on-refused', 'dead']);
    await jsonLine(again, { event: 'queue', waiting: 0, dead: 1 });
    assert.equal(refusing.requests.length, 1);
    const delivered = await queue('deliver', '--all');
    assert.equal(delivered.code, 0, delivered.said);
    await until(() => refusing.requests.length === 2, 'a second delivery');
    const attempts = refusing.requests.map((request) => field(request, 'caronte-attempt'));
    assert.deepEqual(attempts, ['1', '2']);
  });

  it(`keeps what ${ARRIVING} callers send while its agent sleeps, and delivers it in order after waking`, async function () {
    this.timeout(60_000);
    const agent = await start();
    const mark = agent.mark();
    agent.signal('SIGSTOP');
    const since = performance.now();
    const sent = Array.from({ length: ARRIVING }, (_, index) => `/${index}`);
    // One after another, so that there is an order.
    const kept = keep(...sent);
    await delay(SLEEP_MS - (performance.now() - since));
    await kept;
    const from = agent.lines.length;
    agent.signal('SIGCONT');
    await jsonLine(agent, { event: 'state', state: 'live' }, { from: mark, ms: AWAKE_MS });
    await until(() => new Set(paths()).size === ARRIVING, 'all at the target', 20_000);
    const inOrder = [...new Set(paths())];
    assert.deepEqual(inOrder, sent);
    const told = agent.lines.slice(from).map(jsonOf);
    assert.ok(told.some((line) => line?.['event'] === 'queue'));
  });

  it('has its data for one proxy alone', async () => {
    const second = rig().caronte(['proxy', '--port', '0', '--data-dir', data]);
    const { code } = await within(10_000, 'end of the second proxy', second.ended);
    assert.equal(code, 1);
    assert.ok(second.output.includes(data), second.output);
  });

  it('loses nothing when the proxy is told to stop while requests arrive', async function () {
    this.timeout(30_000);
    await (await start()).end('SIGTERM');
    const accepted: string[] = [];
    const sending = (async () => {
      for (let index = 0; ; index += 1) {
        const answer = await post(`/${index}`).catch(() => undefined);
        if (answer?.status !== 202) return;
        accepted.push(`/${index}`);
      }
    })();
    await until(() => accepted.length > 50, 'some accepted');
    assert.equal((await proxy.end('SIGTERM', 15_000)).code, 0);
    await sending;
    ({ port } = await rig().proxy(['--data-dir', data]));
    await start(['--parallel', '16']);
    await until(() => accepted.every((path) => paths().includes(path)), 'all that was accepted');
  });
});
