import { AGENT_PATHS, encodeEnd, RECORD, recordHeader } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { Fixture } from './support/fixture.ts';
import { exchange, freshId, records, refuse, capacity } from './support/fake-proxy.ts';
import { turns, until } from './support/wait.ts';
import { proxyVerdict } from '../../../src/agent/proxy-error.ts';
import { targetFailure } from '../../../src/agent/target-error.ts';
import { fetchBody } from '../../../src/agent/request-body.ts';

describe('an agent under odd conditions', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = new Fixture();
  });
  afterEach(() => fixture.stop());
  async function live(o = {}) {
    await fixture.start(o);
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  }

  for (const way of ['503', 'destroy'])
    it(`does not poll without pause while it closes and the proxy fails (${way})`, async () => {
      await live();
      const held: unknown[] = [];
      fixture.onTarget = (_q, r) => held.push(r);
      (await fixture.proxy.poll()).response.end(records(exchange(freshId())));
      await until(() => held.length === 1, 'call');
      void fixture.agent.close();
      let polls = 0;
      const end = Date.now() + 300;
      while (Date.now() < end) {
        await turns(1);
        for (const asked of fixture.proxy.asked.splice(0)) {
          if (asked.path !== AGENT_PATHS.poll || asked.response.destroyed) continue;
          polls += 1;
          if (way === '503') refuse(asked, 503, 'busy');
          else asked.response.destroy();
        }
      }
      assert.ok(polls < 10, `${polls} polls in 0.3 s with the clock standing still`);
    });
  it('never has more in hand than it may, though every poll brings what it has room for', async () => {
    await live();
    fixture.onTarget = () => undefined;
    let most = 0;
    for (let r = 0; r < 12; r++) {
      await turns(20);
      const open = fixture.proxy.openPolls.find((a) => capacity(a) > 0);
      if (!open) break;
      const p = await fixture.proxy.next(AGENT_PATHS.poll, (a) => a === open);
      const n = capacity(p);
      p.response.end(records(...Array.from({ length: n }, () => exchange(freshId()))));
      const b = fixture.agent.inHand;
      await until(() => fixture.agent.inHand === b + n, 'x');
      most = Math.max(most, fixture.agent.inHand);
    }
    assert.ok(most <= 1024, `${most} in hand`);
  });
  it('knows a missing intermediate certificate for a failure of TLS', () => {
    const e = Object.assign(new Error('unable to verify the first certificate'), {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    assert.equal(proxyVerdict(e).trouble.code, 'tls_failed');
    assert.equal(targetFailure(e).code, 'target_unreachable');
  });
  it('says that a page is no answer of a proxy’s', async () => {
    await fixture.start();
    (await fixture.proxy.next(AGENT_PATHS.hello)).response.end('<html>hello</html>');
    await fixture.reaches('retrying');
    assert.equal(fixture.trouble, 'not_a_proxy');
  });
  it('hands nothing to the target that comes after the end of a body', async () => {
    const body = records(encodeEnd([]), recordHeader(RECORD.data, 1) + 'x');
    const got: Buffer[] = [];
    await assert.rejects(async () => {
      for await (const p of fetchBody(
        () => Promise.resolve(Readable.from([body])),
        () => undefined,
        () => assert.fail('a malformed body is complete'),
      )) {
        got.push(p);
      }
    });
    assert.equal(got.length, 0);
  });

  it('goes on when a listener throws, and warns', async () => {
    const warned: Error[] = [];
    const onWarning = (warning: Error): void => void warned.push(warning);
    process.on('warning', onWarning);
    try {
      fixture.onEvent = () => {
        throw new Error('a listener of the host');
      };
      await live();
      fixture.onTarget = (_request, response) => response.end('ok');
      (await fixture.proxy.poll()).response.end(records(exchange(freshId())));
      await fixture.proxy.next(AGENT_PATHS.reply);
      await until(
        () => warned.some(({ message }) => message === 'a listener of the host'),
        'a warning',
      );
      assert.equal(fixture.agent.state.kind, 'live');
    } finally {
      process.off('warning', onWarning);
    }
  });
});

describe('an agent at its limits', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = new Fixture();
    await fixture.start({ targetTimeoutMs: 5_000 });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  });
  afterEach(() => fixture.stop());

  it('cancels what is still unfinished when closing takes longer than the target may', async () => {
    fixture.onTarget = (_request, response) => response.write('an endless stream');
    (await fixture.proxy.poll()).response.end(records(exchange(freshId())));
    await until(() => fixture.events.some(({ type }) => type === 'response-data'), 'the stream');
    const closed = fixture.agent.close();
    await turns(20);
    assert.equal(fixture.agent.inHand, 1);
    fixture.clock.advance(5_000);
    (await fixture.proxy.next(AGENT_PATHS.bye)).response.writeHead(204).end();
    await closed;
    assert.equal(fixture.agent.inHand, 0);
  });

  it('passes a large head of a response on, and says so of one that is too large', async () => {
    const outcome = async (size: number): Promise<string> => {
      fixture.onTarget = (_request, response) => response.setHeader('X', 'x'.repeat(size)).end();
      (await fixture.proxy.poll()).response.end(records(exchange(freshId())));
      return (await fixture.proxy.next(AGENT_PATHS.reply)).body.toString('latin1');
    };
    assert.match(await outcome(60 * 1024), /200/);
    assert.match(await outcome(200 * 1024), /agent_refused[^]*head of the response is too large/);
  });
});
