import {
  AGENT_PATHS,
  encodeDraining,
  encodeTakenOver,
  QUEUE_DEFAULTS,
} from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { Link } from '../../../src/agent/link.ts';
import { FakeClock } from './support/clock.ts';
import { capacity, exchange, freshId, records, refuse } from './support/fake-proxy.ts';
import { Fixture, OPTIONS } from './support/fixture.ts';
import { turns, until } from './support/wait.ts';

describe('an agent’s link to its proxy', () => {
  let fixture: Fixture;

  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(() => fixture.stop());

  async function live(...start: Parameters<Fixture['start']>): Promise<void> {
    await fixture.start(...start);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  }

  it('begins with a hello that says who the agent is and what it wants', async () => {
    await fixture.start({ takeover: true, sendReply: false, share: 'broadcast' });
    const asked = await fixture.proxy.next(AGENT_PATHS.hello);
    assert.equal(asked.request.method, 'POST');
    assert.equal(asked.request.headers.authorization, 'Bearer a secret of the tests');
    const { instance, ...hello } = JSON.parse(asked.body.toString()) as Record<string, unknown>;
    assert.match(String(instance), /^[0-9a-f]{32}$/);
    assert.deepEqual(hello, {
      protocol: { min: 1, max: 1 },
      software: 'test/1',
      installation: 'f'.repeat(32),
      code: 'orders',
      takeover: true,
      policy: { reply: 'accept', share: 'broadcast', offline: 'refuse', queue: QUEUE_DEFAULTS },
    });
    assert.deepEqual(fixture.agent.state, { kind: 'connecting', attempt: 1 });
  });

  it('is live with the addresses that the proxy names', async () => {
    await fixture.start();
    const urls = ['https://a/forward/orders/', 'https://b/forward/orders/'];
    await fixture.proxy.welcome({ publicUrls: urls });
    const since = fixture.clock.wall();
    assert.deepEqual(await fixture.reaches('live'), { kind: 'live', since, publicUrls: urls });
  });

  it('knows one address by itself if the proxy names none', async () => {
    await live();
    const { state } = fixture.agent;
    assert.ok(state.kind === 'live');
    assert.match(state.publicUrls[0], /^http:\/\/127\.0\.0\.1:\d+\/forward\/orders\/$/);
  });

  it('keeps two polls open, of the session and for the time that were agreed', async () => {
    await live({ pollTimeoutMs: 60_000 });
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    for (const { request } of fixture.proxy.openPolls) {
      assert.equal(request.headers['caronte-session'], fixture.proxy.session);
      assert.equal(request.headers['caronte-wait'], '50');
    }
    await turns();
    assert.equal(fixture.proxy.openPolls.length, 2);
  });

  it('does not ask for longer polls than the proxy allows', async () => {
    await fixture.start({ pollTimeoutMs: 600_000 });
    await fixture.proxy.welcome({ maxWaitSeconds: 20 });
    const { request } = await fixture.proxy.poll();
    assert.equal(request.headers['caronte-wait'], '20');
  });

  it('renews a poll that ended empty', async () => {
    await live();
    for (let round = 0; round < 5; round += 1) {
      const poll = await fixture.proxy.poll();
      poll.response.statusCode = 204;
      poll.response.end();
    }
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls again');
    assert.equal(fixture.agent.state.kind, 'live');
  });

  for (const [status, code, trouble] of [
    [401, 'unauthorized', 'secret_refused'],
    [409, 'code_in_use', 'code_in_use'],
    [400, 'protocol_unsupported', 'protocol_unsupported'],
  ] as const) {
    it(`stops for good when the hello is refused as ${code}`, async () => {
      await fixture.start();
      refuse(await fixture.proxy.next(AGENT_PATHS.hello), status, code);
      await fixture.reaches('stopped');
      assert.equal(fixture.trouble, trouble);
      fixture.clock.advance(600_000);
      await turns();
      assert.deepEqual(fixture.proxy.asked, []);
    });
  }

  for (const [status, code, trouble] of [
    [409, 'code_in_use', 'code_in_use'],
    [503, 'draining', 'proxy_draining'],
    [503, 'busy', 'refused_by_proxy'],
  ] as const) {
    it(`tries again when the hello is refused for now as ${code}`, async () => {
      await fixture.start();
      refuse(await fixture.proxy.next(AGENT_PATHS.hello), status, code, 5);
      await fixture.reaches('retrying');
      assert.equal(fixture.trouble, trouble);
      fixture.clock.advance(2_500);
      await fixture.proxy.welcome();
      await fixture.reaches('live');
    });
  }

  it('pauses longer each time while there is no proxy, by chance up to a cap', async () => {
    fixture.clock.chance = 0.5;
    await fixture.start();
    const pauses: number[] = [];
    while (pauses.length < 6) {
      refuse(await fixture.proxy.next(AGENT_PATHS.hello), 502, 'no such code');
      const state = await fixture.reaches('retrying');
      assert.ok(state.kind === 'retrying');
      assert.equal(state.trouble.code, 'not_a_proxy');
      pauses.push(state.delayMs);
      assert.equal(state.until, fixture.clock.wall() + state.delayMs);
      fixture.clock.advance(state.delayMs);
      assert.equal(fixture.agent.state.kind, 'connecting');
    }
    assert.deepEqual(pauses, [200, 400, 800, 1_250, 1_250, 1_250]);
  });

  it('comes back as the same agent when a connection breaks', async () => {
    await fixture.start({ takeover: true });
    const first = await fixture.proxy.welcome();
    await fixture.reaches('live');
    (await fixture.proxy.poll()).response.destroy();
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'proxy_unreachable');
    fixture.clock.advance(2_500);
    const again = await fixture.proxy.welcome();
    assert.equal(again.instance, first.instance);
    assert.equal(again.takeover, false, 'who lost the code does not fight for it');
    await fixture.reaches('live');
  });

  it('says hello again when the proxy does not know its session any more', async () => {
    await live();
    refuse(await fixture.proxy.poll(), 404, 'session_unknown');
    await fixture.reaches('retrying');
    fixture.clock.advance(2_500);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });

  it('takes a poll that brought no byte in time for dead, and comes back', async () => {
    await live({ pollTimeoutMs: 1_200 });
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    fixture.clock.advance(1_200);
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'proxy_silent');
    fixture.clock.advance(2_500);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });

  it('connects anew after the machine slept', async () => {
    await live();
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    const old = [...fixture.proxy.openPolls];
    fixture.clock.sleep(7_200_000);
    fixture.clock.advance(1_000);
    assert.equal(fixture.agent.state.kind, 'connecting');
    await until(() => old.every(({ response }) => response.destroyed), 'old polls to go');
    await fixture.proxy.welcome();
    await fixture.reaches('live');
    await until(() => fixture.proxy.openPolls.length === 2, 'new polls');
  });

  it('does not take a late timer for a sleep', async () => {
    await live();
    const seen = fixture.states.length;
    fixture.clock.sleep(4_900);
    fixture.clock.advance(10_000);
    await turns();
    assert.equal(fixture.states.length, seen);
  });

  it('wakes up at once although it was in a long pause', async () => {
    await fixture.start();
    refuse(await fixture.proxy.next(AGENT_PATHS.hello), 503, 'busy', 5);
    await fixture.reaches('retrying');
    fixture.clock.chance = 1;
    fixture.clock.sleep(60_000);
    fixture.clock.advance(1_000);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
    fixture.clock.advance(10_000);
    await turns();
    assert.equal(fixture.agent.state.kind, 'live', 'the pause of before has no say any more');
  });

  it('stops for good when another agent takes the code over', async () => {
    await live();
    (await fixture.proxy.poll()).response.end(records(encodeTakenOver('other/2')));
    await fixture.reaches('stopped');
    assert.equal(fixture.trouble, 'taken_over');
    const { state } = fixture.agent;
    assert.ok(state.kind === 'stopped');
    assert.match(state.trouble?.message ?? '', /other\/2/);
    fixture.clock.advance(600_000);
    await turns();
    assert.equal(
      fixture.proxy.asked.some(({ path }) => path === AGENT_PATHS.hello),
      false,
    );
  });

  it('connects anew when the proxy is draining', async () => {
    await live();
    (await fixture.proxy.poll()).response.end(records(encodeDraining()));
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'proxy_draining');
    fixture.clock.advance(2_500);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });

  it('comes back after an answer that is no records', async () => {
    await live();
    (await fixture.proxy.poll()).response.end('<html>');
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'proxy_misbehaved');
    fixture.clock.advance(2_500);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });

  it('warns before the secret travels in the open, and not otherwise', async () => {
    await fixture.start();
    assert.deepEqual(fixture.warnings, []);
    const open = new Fixture();
    await open.start({ proxyUrl: 'http://192.0.2.1:9' });
    assert.deepEqual(open.warnings, ['secret_in_plain_text']);
    await open.stop();
  });

  it('leaves no timer behind when the agent is closed', async () => {
    await live();
    const closed = fixture.agent.close();
    const bye = await fixture.proxy.next(AGENT_PATHS.bye);
    bye.response.writeHead(204).end();
    await closed;
    assert.equal(fixture.clock.dueWithin(600_000), 0);
  });

  it('is over at once when the agent is destroyed, as often as it is', async () => {
    await live();
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    await Promise.all([fixture.agent.destroy(), fixture.agent.destroy()]);
    assert.deepEqual(fixture.agent.state, { kind: 'stopped' });
    await until(() => fixture.proxy.openPolls.length === 0, 'the polls to go');
    fixture.clock.advance(600_000);
    await turns();
    assert.deepEqual(fixture.proxy.openPolls, []);
  });

  it('does not poll without pause where something answers polls at once with nothing', async () => {
    await live();
    let polls = 0;
    for (; fixture.agent.state.kind === 'live'; await turns(1)) {
      for (const { path, response } of fixture.proxy.asked.splice(0)) {
        if (path === AGENT_PATHS.poll) response.writeHead(204).end();
        polls += 1;
      }
    }
    assert.equal(fixture.trouble, 'proxy_misbehaved');
    assert.ok(polls >= 20 && polls <= 22, String(polls));
  });

  it('asks for a wait of a second at least', async () => {
    await fixture.start();
    await fixture.proxy.welcome({ maxWaitSeconds: 0 });
    const { request } = await fixture.proxy.poll();
    assert.equal(request.headers['caronte-wait'], '1');
  });

  it('takes no more exchanges than a poll had room for', async () => {
    await live();
    const poll = await fixture.proxy.poll();
    const exchanges = Array.from({ length: capacity(poll) + 1 }, () => exchange(freshId()));
    poll.response.end(records(...exchanges));
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'proxy_misbehaved');
    assert.deepEqual(fixture.events, []);
  });

  it('has no poll open any more once it was stopped, whatever is still in hand', async () => {
    let polls = 0;
    const link = new Link({
      options: { ...OPTIONS, proxyUrl: 'http://127.0.0.1:1', target: 'http://127.0.0.1:1' },
      clock: new FakeClock(),
      client: {
        hello: () => Promise.reject(new Error('not now')),
        poll: () => {
          polls += 1;
          return Promise.reject(new Error('not now'));
        },
        reconnect: () => undefined,
      },
      instance: freshId(),
      inHand: () => 2,
      upgraded: () => 0,
      onState: () => undefined,
      onExchange: () => undefined,
      onCancel: () => undefined,
      onQueue: () => undefined,
      onMissed: () => undefined,
    });
    link.start();
    await until(() => link.state.kind === 'retrying', 'a pause');
    link.stop();
    link.roomChanged();
    assert.equal(polls, 0);
  });
});
