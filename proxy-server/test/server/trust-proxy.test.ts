import assert from 'node:assert/strict';
import { field, problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';

const SAID = [
  'X-Forwarded-For: 192.0.2.66, 203.0.113.7',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: orders.example.dev',
  'X-Forwarded-Prefix: /spite',
  '',
].join('\r\n');

describe('a proxy behind an intermediary', () => {
  let fixture: Fixture;

  const start = async (trustProxy: readonly string[]): Promise<void> => {
    fixture = await new Fixture({}, { domain: 'example.dev', trustProxy }).start();
  };
  afterEach(() => fixture.stop());

  it('that is trusted believes it, and extends what it says', async () => {
    await start(['loopback']);
    const agent = await fixture.agent();
    fixture.call(`GET /agent/x HTTP/1.1\r\nHost: p\r\n${SAID}\r\n`);
    const { head } = await agent.take();
    assert.equal(head.caller, '203.0.113.7');
    assert.equal(head.target, '/agent/x');
    const via = field(head.fields, 'Via') ?? '';
    assert.match(via, /^1\.1 caronte-[0-9a-f]{8}$/);
    assert.deepEqual(head.fields, [
      ...['Host', 'p', 'Via', via, 'X-Forwarded-For', '203.0.113.7, 127.0.0.1'],
      ...['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'orders.example.dev'],
      ...['Forwarded', 'for=203.0.113.7;host=orders.example.dev;proto=https, for=127.0.0.1'],
    ]);
  });

  it('that is not trusted drops all of it', async () => {
    await start(['10.0.0.0/8']);
    const agent = await fixture.agent();
    fixture.get('x', 'GET', SAID);
    const { head } = await agent.take();
    assert.equal(head.caller, '127.0.0.1');
    assert.equal(field(head.fields, 'X-Forwarded-For'), '127.0.0.1');
    assert.equal(field(head.fields, 'X-Forwarded-Proto'), 'http');
    assert.equal(field(head.fields, 'X-Forwarded-Host'), 'p');
    assert.equal(field(head.fields, 'Forwarded'), 'for=127.0.0.1;host=p;proto=http');

    const elsewhere = fixture.call(`GET /agent/x HTTP/1.1\r\nHost: p\r\n${SAID}\r\n`);
    assert.equal(problemCode(await elsewhere.response()), 'unauthorized');
  });

  it('takes no host from a field that holds none', async () => {
    await start(['loopback']);
    const agent = await fixture.agent();
    fixture.call('GET /x HTTP/1.1\r\nHost: orders.example.dev\r\nX-Forwarded-Host: a b\r\n\r\n');
    const { head } = await agent.take();
    assert.equal(head.target, '/x');
    assert.equal(field(head.fields, 'X-Forwarded-Host'), 'orders.example.dev');
  });
});
