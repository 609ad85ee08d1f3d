import assert from 'node:assert/strict';
import { AGENT_PATHS, encodeResponse, RECORD } from '../../src/protocol/index.ts';
import { field, problemCode } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { readRecords, SECRET, type TestAgent } from '../support/test-agent.ts';

const LIMITS = { maxFields: 10, maxBody: 200_000, maxInFlight: 3, maxInFlightPerCode: 2 };

/** Head of an upload whose body waits for 100 Continue. */
function upload(path: string, length: number, fields = ''): string {
  const head = `POST ${path} HTTP/1.1\r\nHost: p\r\n${fields}`;
  return `${head}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
}

describe('100 Continue', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture(LIMITS).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  const PATH = '/forward/orders/';
  for (const [what, head, code] of [
    ['a body that is too large', upload(PATH, LIMITS.maxBody + 1), 'body_too_large'],
    ['a path of nobody’s', upload('/nobody', 1), 'not_found'],
    ['too many fields', upload(PATH, 1, 'A: b\r\n'.repeat(10)), 'head_too_large'],
    ['two Host fields', upload(PATH, 1, 'Host: p\r\n'), 'bad_request'],
    ['a secret that is wrong', upload(AGENT_PATHS.hello, 2), 'unauthorized'],
  ] as const) {
    it(`is not said before a refusal for ${what}`, async () => {
      const answer = await fixture.call(head).response();
      assert.equal(problemCode(answer), code);
      assert.equal(field(answer.fields, 'Connection'), 'close');
    });
  }

  it('is not said where as many are in flight as may be', async () => {
    for (const code of ['orders', 'others', 'third']) fixture.call(upload(`/forward/${code}/`, 1));
    await fixture.settled();
    const answer = await fixture.call(upload(PATH, 1)).response();
    assert.equal(problemCode(answer), 'busy');
  });

  it('is not said where a tunnel has as many large bodies as may be', async () => {
    for (let count = 0; count < LIMITS.maxInFlightPerCode; count += 1) fixture.get();
    await fixture.settled();
    const answer = await fixture.call(upload(PATH, 100_000)).response();
    assert.equal(answer.status, 429);
  });

  it('is said where the body is wanted, and the body travels', async () => {
    const caller = fixture.call(upload(PATH, 4));
    assert.equal((await caller.response()).status, 100);
    caller.send('body');
    const { head, body } = await agent.take();
    assert.equal(body.toString(), 'body');
    assert.equal(head.fields.includes('Expect'), false);
    const answer = { id: head.id, status: 200, reason: 'OK', fields: [] };
    await agent.reply(encodeResponse(answer, 2), 'ok');
    const { statusLine, fields } = await caller.response();
    assert.equal(statusLine, 'HTTP/1.1 200 OK');
    assert.equal(field(fields, 'Connection'), 'keep-alive');
  });

  it('is said for a body that is fetched', async () => {
    const caller = fixture.call(upload(PATH, 100_000));
    assert.equal((await caller.response()).status, 100);
    const { head } = await agent.take();
    const fetched = agent.fetchBody(head.id);
    caller.send(Buffer.alloc(100_000));
    const pieces = readRecords((await fetched).body).filter(({ type }) => type === RECORD.data);
    assert.equal(Buffer.concat(pieces.map(({ payload }) => payload)).length, 100_000);
  });

  it('is said to a request that asks for an upgrade as well, which passes as an ordinary one', async () => {
    const caller = fixture.call(upload(PATH, 4, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    assert.equal((await caller.response()).status, 100);
    caller.send('body');
    assert.equal((await agent.take()).body.toString(), 'body');
  });

  it('is said to an agent too, once its body is wanted', async () => {
    const authorization = `Authorization: Bearer ${SECRET}\r\n`;
    const hello = fixture.call(upload(AGENT_PATHS.hello, 2, authorization));
    assert.equal((await hello.response()).status, 100);
    hello.send('{}');
    assert.equal(problemCode(await hello.response()), 'malformed');
    const session = `${authorization}Caronte-Session: ${agent.session}\r\n`;
    const reply = fixture.call(upload(AGENT_PATHS.reply, 1, session));
    assert.equal((await reply.response()).status, 100);
    reply.send('\x01');
    assert.equal((await reply.response()).status, 200);
  });
});
