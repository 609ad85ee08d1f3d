import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { call } from './support/caller.ts';
import { ForwardProxy, type ForwardProxyOptions } from './support/forward-proxy.ts';
import { Intermediary } from './support/intermediary.ts';
import { jsonLine, jsonOf } from './support/json-lines.ts';
import { expectProblem } from './support/problem.ts';
import { Program } from './support/program.ts';
import { type Rig, useRig } from './support/rig.ts';
import { CERTIFICATE, serve, TLS } from './support/target-tunnel.ts';
import { until } from './support/waiting.ts';

/** Environment and flags of an agent, beside what is fixed. */
interface Place {
  readonly proxyUrl: string;
  readonly target: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

function agentIn(rig: Rig, { proxyUrl, target, env = {}, flags = [] }: Place): Program {
  const fixed = ['agent', '--code', 'orders', '--send-reply', '--log-format', 'json'];
  return rig.add(
    Program.caronte([...fixed, '--proxy-url', proxyUrl, '--target', target, ...flags], {
      cwd: rig.folder(),
      env: { CARONTE_SECRET: rig.secret, ...env },
    }),
  );
}

async function live(agent: Program): Promise<void> {
  await jsonLine(agent, { event: 'state', state: 'live' });
}

async function forwardProxy(rig: Rig, options?: ForwardProxyOptions): Promise<ForwardProxy> {
  const proxy = await ForwardProxy.listen(options);
  rig.onEnd(() => proxy.close());
  return proxy;
}

/** TLS in front of a port. Resolves with its own port. */
async function tlsFront(rig: Rig, port: number): Promise<number> {
  const server = createTlsServer(TLS, (socket) => {
    const inner = connect(port, '127.0.0.1');
    socket.pipe(inner).pipe(socket);
    socket.on('error', () => inner.destroy());
    socket.on('close', () => inner.destroy());
    inner.on('error', () => socket.destroy());
    inner.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  rig.onEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

function local(rig: Rig): Promise<number> {
  return serve(rig, { host: '127.0.0.1', port: 0 }, (request, response) => {
    response.end(`${request.headers.host} ${request.url}`);
  });
}

async function expectAnswer(port: number, text: string): Promise<void> {
  const answer = await call(port, { method: 'POST', path: '/forward/orders/a', body: 'x' });
  assert.equal(answer.body.toString(), text);
}

describe('an agent in a network with a proxy of its own', () => {
  const rig = useRig();

  it('reaches a proxy on http by whole addresses, with no CONNECT', async () => {
    const network = await forwardProxy(rig(), { credentials: 'me:a word', noConnect: true });
    const { port } = await rig().proxy();
    const service = await local(rig());
    const agent = agentIn(rig(), {
      proxyUrl: `http://proxy.test:${port}`,
      target: `http://localhost:${service}`,
      env: { http_proxy: `http://me:a%20word@127.0.0.1:${network.port}` },
    });
    await live(agent);
    await expectAnswer(port, `localhost:${service} /a`);
    assert.ok(network.asked.includes(`POST http://proxy.test:${port}/agent/hello`));
    // The target is on this machine, and the network's proxy has nothing to do with it.
    assert.ok(network.asked.every((asked) => asked.startsWith(`POST http://proxy.test:${port}/`)));
    assert.ok(!agent.output.includes('word'));
  });

  it('reaches a proxy on https by CONNECT, and checks its certificate', async () => {
    const network = await forwardProxy(rig(), { credentials: 'me:word' });
    const { port } = await rig().proxy();
    const front = await tlsFront(rig(), port);
    const service = await local(rig());
    const place = {
      proxyUrl: `https://proxy.test:${front}`,
      target: `http://127.0.0.1:${service}`,
      env: { HTTPS_PROXY: `http://me:word@127.0.0.1:${network.port}` },
    };
    const wary = agentIn(rig(), place);
    const line = await jsonLine(wary, { event: 'state', state: 'retrying' });
    assert.match(JSON.stringify(line['trouble']), /tls_failed.*--proxy-ca/);
    await wary.end('SIGTERM');
    await live(agentIn(rig(), { ...place, flags: ['--proxy-ca', CERTIFICATE] }));
    await expectAnswer(port, `127.0.0.1:${service} /a`);
    assert.deepEqual([...new Set(network.asked)], [`CONNECT proxy.test:${front}`]);
  });

  it('reaches a target elsewhere by CONNECT, on http and on https', async () => {
    const network = await forwardProxy(rig());
    const { port } = await rig().proxy();
    for (const tls of [undefined, TLS]) {
      const service = await serve(
        rig(),
        { host: '127.0.0.1', port: 0 },
        (request, response) => response.end(JSON.stringify(request.rawHeaders)),
        tls,
      );
      const host = `service.test:${service}`;
      const agent = agentIn(rig(), {
        proxyUrl: `http://127.0.0.1:${port}`,
        target: `${tls === undefined ? 'http' : 'https'}://${host}`,
        flags: ['--network-proxy', `127.0.0.1:${network.port}`].concat(
          tls === undefined ? [] : ['--target-ca', CERTIFICATE],
        ),
      });
      await live(agent);
      const fields = [['A', '1'], ['b', '2'], ['A', '3']] as const; // prettier-ignore
      const answer = await call(port, { path: '/forward/orders/', fields });
      const raw = JSON.parse(answer.body.toString()) as string[];
      // What the network's proxy could have changed is as it was sent, duplicates too.
      assert.deepEqual(raw.slice(raw.indexOf('A'), raw.indexOf('A') + 6), fields.flat());
      assert.ok(network.asked.includes(`CONNECT ${host}`));
      await agent.end('SIGTERM');
    }
  });

  it('speaks TLS with it if its address says so, also to a proxy and a target on https', async () => {
    const network = await forwardProxy(rig(), { tls: TLS, credentials: 'me:word' });
    const { port } = await rig().proxy();
    const front = await tlsFront(rig(), port);
    const listener: RequestListener = (_request, response) => response.end('whole');
    const service = await serve(rig(), { host: '127.0.0.1', port: 0 }, listener, TLS);
    const proxy = ['--network-proxy', `https://me:word@localhost:${network.port}`];
    const trust = ['--proxy-ca', CERTIFICATE, '--target-ca', CERTIFICATE];
    const agent = agentIn(rig(), {
      proxyUrl: `https://proxy.test:${front}`,
      target: `https://service.test:${service}`,
      flags: [...proxy, ...trust],
    });
    await live(agent);
    await expectAnswer(port, 'whole');
    const asked = [`CONNECT proxy.test:${front}`, `CONNECT service.test:${service}`];
    assert.deepEqual([...new Set(network.asked)], asked);
    await agent.end('SIGTERM');

    const plain = { proxyUrl: `http://proxy.test:${port}`, target: 'http://localhost:1' };
    await live(agentIn(rig(), { ...plain, flags: [...proxy, ...trust.slice(0, 2)] }));
    assert.ok(network.asked.includes(`POST http://proxy.test:${port}/agent/hello`));
  });

  it('passes it by for what NO_PROXY names', async () => {
    const network = await forwardProxy(rig());
    const { port } = await rig().proxy();
    const agent = agentIn(rig(), {
      proxyUrl: `http://127.0.0.1:${port}`,
      target: 'http://service.invalid:1',
      env: { HTTP_PROXY: `http://127.0.0.1:${network.port}`, NO_PROXY: '.invalid' },
      flags: ['--target-max-attempts', '1'],
    });
    await live(agent);
    const answer = await call(port, { path: '/forward/orders/' });
    assert.match(expectProblem(answer, 502, 'target_unreachable'), /host name/);
    assert.deepEqual(network.asked, []);
  });

  const REFUSALS: readonly (readonly [
    what: string,
    scheme: string,
    options: ForwardProxyOptions,
    told: RegExp,
  ])[] = [
    ['wants credentials for http', 'http', { credentials: 'a:b' }, /407.*http:\/\/name:password@/],
    [
      'wants credentials for https',
      'https',
      { credentials: 'a:b' },
      /407.*http:\/\/name:password@/,
    ],
    ['refuses CONNECT', 'https', { noConnect: true }, /403.*NO_PROXY/],
  ];
  for (const [what, scheme, options, told] of REFUSALS) {
    it(`says what to do where that ${what}`, async () => {
      const network = await forwardProxy(rig(), options);
      const agent = agentIn(rig(), {
        proxyUrl: `${scheme}://proxy.test:1`,
        target: 'http://localhost:1',
        flags: ['--network-proxy', `http://127.0.0.1:${network.port}`],
      });
      const line = await jsonLine(agent, { event: 'state', state: 'retrying' });
      const trouble = JSON.stringify(line['trouble']);
      assert.match(trouble, /"network_proxy"/);
      assert.match(trouble, told);
    });
  }

  it('says so where that is not there, to its user and to callers', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port: closed } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const flags = ['--network-proxy', `http://127.0.0.1:${closed}`, '--target-max-attempts', '1'];
    const lost = agentIn(rig(), {
      proxyUrl: 'https://proxy.test',
      target: 'http://localhost:1',
      flags,
    });
    const line = await jsonLine(lost, { event: 'state', state: 'retrying' });
    assert.match(JSON.stringify(line['trouble']), /"network_proxy".*ECONNREFUSED.*NO_PROXY/);

    const { port } = await rig().proxy();
    const target = 'http://service.test:1';
    await live(agentIn(rig(), { proxyUrl: `http://127.0.0.1:${port}`, target, flags }));
    const answer = await call(port, { path: '/forward/orders/' });
    const detail = expectProblem(answer, 502, 'target_unreachable');
    assert.match(detail, /the network's proxy 127\.0\.0\.1:\d+: .*ECONNREFUSED.*NO_PROXY/);
  });
});

describe('an agent behind an intermediary that buffers, and does not wait long', () => {
  const rig = useRig();

  for (const gives of ['reset', 504] as const) {
    it(`settles for shorter polls and stays live, where that gives ${gives}`, async () => {
      const { port } = await rig().proxy();
      const service = await local(rig());
      const between = await Intermediary.listen({ port, idleMs: 2_000, gives });
      rig().onEnd(() => between.close());
      const agent = agentIn(rig(), {
        proxyUrl: `http://127.0.0.1:${between.port}`,
        target: `http://127.0.0.1:${service}`,
        flags: ['--timeout', '3600', '--min-wait', '1'],
      });
      await live(agent);
      const polls = (): typeof between.passed =>
        between.passed.filter(({ path }) => path === '/agent/poll');
      const broken = (): number => polls().filter(({ outcome }) => outcome !== 'answered').length;
      await until(() => broken() >= 2, 'two polls that are given up');
      await expectAnswer(port, `127.0.0.1:${service} /a`);
      const whole = (): boolean =>
        polls().slice(-4).length === 4 &&
        polls()
          .slice(-4)
          .every(({ status }) => status === 204);
      await until(whole, 'polls that end by themselves');
      await expectAnswer(port, `127.0.0.1:${service} /a`);
      assert.ok(broken() <= 4, `${broken()} polls were given up`);
      const states = agent.lines.map(jsonOf).filter((line) => line?.['event'] === 'state');
      assert.deepEqual(
        states.map((line) => line?.['state']),
        ['connecting', 'live'],
      );
    });
  }
});
