import assert from 'node:assert/strict';
import { allOf, field, problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { SECRET, TestAgent } from '../support/test-agent.ts';

const AUTHORIZED = `Authorization: Bearer ${SECRET}\r\n`;

describe('a proxy with a domain', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await new Fixture(
      {},
      { domain: 'example.dev', publicUrl: 'https://proxy.example.dev' },
    ).start();
  });
  afterEach(() => fixture.stop());

  it('gives a request on a tunnel’s own origin to the tunnel, without a prefix', async () => {
    const agent = await fixture.agent();
    fixture.call('GET /a/../b?c HTTP/1.1\r\nHost: Orders.example.dev:8080\r\n\r\n');
    const { head } = await agent.take();
    assert.equal(head.target, '/a/../b?c');
    assert.deepEqual(allOf(head.fields, 'X-Forwarded-Prefix'), []);
    assert.deepEqual(allOf(head.fields, 'X-Forwarded-Host'), ['Orders.example.dev:8080']);
    assert.equal(
      field(head.fields, 'Forwarded'),
      'for=127.0.0.1;host="Orders.example.dev:8080";proto=http',
    );
  });

  it('lets nobody reach the agents’ side there: such paths are the target’s', async () => {
    const agent = await fixture.agent();
    for (const path of ['/agent/hello', '/agent/poll', '/agent/body/x', '/forward/other/']) {
      fixture.call(`POST ${path} HTTP/1.1\r\nHost: orders.example.dev\r\n${AUTHORIZED}\r\n`);
      const { head } = await agent.take();
      assert.equal(head.target, path);
    }
  });

  it('keeps the agents’ side on its own host, and on hosts that are no tunnel’s', async () => {
    for (const host of ['proxy.example.dev', 'example.dev', 'a.b.example.dev', '127.0.0.1']) {
      const head = `POST /agent/hello HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
      assert.equal(problemCode(await fixture.call(head).response()), 'unauthorized', host);
    }
  });

  it('believes an absolute request target rather than Host, and passes its host on', async () => {
    const agent = await fixture.agent();
    fixture.call(
      'GET http://orders.example.dev/agent/hello HTTP/1.1\r\nHost: proxy.example.dev\r\n\r\n',
    );
    const { head } = await agent.take();
    assert.equal(head.target, '/agent/hello');
    assert.equal(field(head.fields, 'Host'), 'orders.example.dev');
    assert.equal(field(head.fields, 'X-Forwarded-Host'), 'orders.example.dev');

    const own = 'GET http://proxy.example.dev/x HTTP/1.1\r\nHost: orders.example.dev\r\n\r\n';
    assert.equal(problemCode(await fixture.call(own).response()), 'not_found');
  });

  for (const target of ['*', 'http://orders.example.dev']) {
    it(`passes OPTIONS ${target} on as *`, async () => {
      const agent = await fixture.agent();
      fixture.call(`OPTIONS ${target} HTTP/1.1\r\nHost: orders.example.dev\r\n\r\n`);
      assert.equal((await agent.take()).head.target, '*');
    });
  }

  for (const line of [
    'GET *',
    'GET ftp://orders.example.dev/',
    'GET http:///x',
    'GET http://user@orders.example.dev/',
    'GET http://orders.example.dev:x/',
    'GET http://orders.example.dev%2f/',
  ]) {
    it(`refuses ${line}`, async () => {
      const caller = fixture.call(`${line} HTTP/1.1\r\nHost: orders.example.dev\r\n\r\n`);
      assert.equal(problemCode(await caller.response()), 'bad_request');
    });
  }

  it('refuses two Host fields, whichever comes first', async () => {
    for (const hosts of [
      ['orders.example.dev', 'proxy.example.dev'],
      ['proxy.example.dev', 'orders.example.dev'],
    ]) {
      const fields = hosts.map((host) => `Host: ${host}\r\n`).join('');
      const caller = fixture.call(`GET /forward/orders/ HTTP/1.1\r\n${fields}\r\n`);
      assert.equal(problemCode(await caller.response()), 'bad_request');
    }
  });

  it('answers for a tunnel that nobody serves as it does by path', async () => {
    const caller = fixture.call('GET / HTTP/1.1\r\nHost: nobody.example.dev\r\n\r\n');
    await fixture.settled();
    fixture.clock.advance(60_000);
    assert.equal(problemCode(await caller.response()), 'no_agent');
  });

  it('tells the agent the tunnel’s own origin first', async () => {
    const { body } = await new TestAgent(fixture.port).hello();
    const { publicUrls } = JSON.parse(body.toString()) as Record<string, unknown>;
    assert.deepEqual(publicUrls, [
      'https://orders.example.dev/',
      'https://proxy.example.dev/forward/orders/',
    ]);
  });
});
