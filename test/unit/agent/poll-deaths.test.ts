import assert from 'node:assert/strict';
import { Fixture } from './support/fixture.ts';
import { until } from './support/wait.ts';

describe('polls that something on the way breaks off', () => {
  let fixture: Fixture;

  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(() => fixture.stop());

  async function live(minWaitSeconds?: number): Promise<void> {
    await fixture.start({ pollTimeoutMs: 60_000, minWaitSeconds });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  }

  /** How long the open polls may wait, in seconds. */
  function waits(): number[] {
    return fixture.proxy.openPolls
      .map(({ request }) => Number(request.headers['caronte-wait']))
      .sort((a, b) => a - b);
  }

  /** Lets both polls get that old, then ends them. Resolves with the waits of the next ones. */
  async function end(ageMs: number, how: 'reset' | 504): Promise<number[]> {
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    const before = fixture.proxy.asked.splice(0);
    fixture.clock.advance(ageMs);
    for (const { response } of before) {
      if (how === 'reset') response.socket?.resetAndDestroy();
      else response.writeHead(how).end('<h1>of something else</h1>');
    }
    await until(() => fixture.proxy.openPolls.length === 2, 'two further polls');
    return waits();
  }

  for (const how of ['reset', 504] as const) {
    it(`by ${how} are renewed at once, for less time, with nothing said`, async () => {
      await live();
      // Whichever dies first may be an accident; with the second one it is none.
      assert.deepEqual(await end(20_000, how), [15, 50]);
      // One of these is still from before; that it dies as well is nothing new.
      assert.deepEqual(await end(8_000, how), [15, 15]);
      assert.deepEqual(await end(8_000, how), [6, 6]);
      assert.deepEqual(
        fixture.states.map(({ kind }) => kind),
        ['connecting', 'live'],
      );
    });
  }

  it('are no lost connection either where they are older than polls wait by now', async () => {
    await live();
    await end(20_000, 'reset');
    const long = fixture.proxy.openPolls.filter(
      ({ request }) => request.headers['caronte-wait'] === '50',
    );
    assert.equal(long.length, 1);
    fixture.clock.advance(20_000);
    long[0]?.response.socket?.resetAndDestroy();
    await until(() => waits().join() === '15,15', 'two short polls');
    assert.equal(fixture.agent.state.kind, 'live');
  });

  it('wait no less than they have to', async () => {
    await live();
    assert.deepEqual(await end(3_000, 'reset'), [5, 50]);
    await fixture.stop();
    fixture = new Fixture();
    await live(1);
    assert.deepEqual(await end(3_000, 'reset'), [2, 50]);
  });

  it('right after they were opened are a lost connection, after which all starts over', async () => {
    await live();
    await end(20_000, 'reset');
    const [poll] = fixture.proxy.openPolls;
    fixture.clock.advance(900);
    poll?.response.socket?.resetAndDestroy();
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'proxy_unreachable');
    fixture.clock.advance(3_000);
    await fixture.proxy.welcome();
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    assert.deepEqual(waits(), [50, 50]);
  });

  it('by an answer of another kind are a trouble', async () => {
    await live();
    await until(() => fixture.proxy.openPolls.length === 2, 'two polls');
    fixture.clock.advance(20_000);
    const [poll] = fixture.proxy.openPolls;
    poll?.response.writeHead(403).end('<h1>of something else</h1>');
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'not_a_proxy');
  });
});
