import assert from 'node:assert/strict';
import {
  AGENT_PATHS,
  encodeEnd,
  encodeResponse,
  encodeResponseStart,
  OUTCOME,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { problemCode, type RawCaller } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { SECRET, type TestAgent } from '../support/test-agent.ts';
import { until, within } from '../support/wait.ts';

const LIMITS = { maxFields: 20, maxHead: 4096, agentGrace: 36_000, maxTimeoutResponse: 36_000 };
const HEAD = 'POST /forward/orders/ HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('a request whose body is not valid', () => {
  let fixture: Fixture;
  let agent: TestAgent;

  beforeEach(async () => {
    fixture = await new Fixture(LIMITS).start();
    agent = await fixture.agent();
  });
  afterEach(() => fixture.stop());

  const BROKEN: readonly (readonly [what: string, body: string, code: string])[] = [
    ['a size that is no number', 'zz\r\na\r\n0\r\n\r\n', 'bad_request'],
    ['such a size behind a chunk', '1\r\na\r\nzz\r\n', 'bad_request'],
    ['a chunk longer than its size', '1\r\nab\r\n0\r\n\r\n', 'bad_request'],
    ['a size that nobody can count', `${'f'.repeat(17)}\r\n`, 'bad_request'],
    ['a large extension of a chunk', `1;${'a'.repeat(20_000)}\r\na\r\n`, 'bad_request'],
    ['a trailer without a colon', '0\r\nx\r\n\r\n', 'bad_request'],
    ['large trailers', `0\r\nT: ${'a'.repeat(2 * LIMITS.maxHead)}\r\n\r\n`, 'head_too_large'],
  ];

  for (const [what, body, code] of BROKEN) {
    it(`is refused as ${code} for ${what}, and its connection ends`, async () => {
      const caller = fixture.call(HEAD + body);
      assert.equal(problemCode(await caller.response()), code);
      await within(caller.closed, 'the end of the connection');
      assert.equal(caller.rest.length, 0);
    });

    it(`is taken back from the agent for ${what}`, async () => {
      const { caller, id } = await underWay();
      const notice = agent.poll({ capacity: 0 });
      caller.send(body);
      assert.equal(problemCode(await caller.response()), code);
      assert.deepEqual(
        (await notice).cancelled.map((cancel) => cancel.id),
        [id],
      );
      const { results } = await agent.reply(whole(id, 2), 'ok');
      assert.deepEqual(results, [{ id, outcome: OUTCOME.gone }]);
      await within(caller.closed, 'the end of the connection');
      assert.equal(caller.rest.length, 0);
    });
  }

  it('may have as many trailers as the head leaves of the fields, and no more', async () => {
    const left = LIMITS.maxFields - 2;
    const trailers = (count: number): string => `1\r\na\r\n0\r\n${'T: a\r\n'.repeat(count)}\r\n`;
    fixture.call(HEAD + trailers(left));
    await agent.take();
    const caller = fixture.call(HEAD + trailers(left + 1));
    assert.equal(problemCode(await caller.response()), 'head_too_large');
    // Nothing is wrong with its framing.
    caller.send('GET /nobody HTTP/1.1\r\nHost: p\r\n\r\n');
    assert.equal(problemCode(await caller.response()), 'not_found');
  });

  for (const [what, body] of [
    ['invalid', 'zz\r\n'],
    ['too many', `0\r\n${'T: a\r\n'.repeat(LIMITS.maxFields)}\r\n`],
  ] as const) {
    it(`breaks an answer off that has begun, where bytes are ${what}`, async () => {
      const { caller, id } = await underWay();
      const reply = agent.open('POST', AGENT_PATHS.reply);
      const head = encodeResponseStart({ id, status: 200, reason: 'OK', fields: [] });
      reply.write(Buffer.from(`\x01${head}${recordHeader(RECORD.data, 4)}part`, 'latin1'));
      await until(() => caller.rest.includes('part'), 'the first part');
      caller.send(body);
      await within(caller.closed, 'the end of the connection');
      assert.match(caller.rest.toString(), /part\r\n$/);
      assert.equal(caller.rest.toString().match(/HTTP\/1\.1/g)?.length, 1);
      reply.destroy();
    });
  }

  for (const [what, answer] of [
    ['whole', (id: string) => [whole(id, 4), 'soon']],
    [
      'in chunks',
      (id: string) => [
        encodeResponseStart({ id, status: 200, reason: 'OK', fields: [] }),
        `${recordHeader(RECORD.data, 4)}soon`,
        encodeEnd([]),
      ],
    ],
  ] as const) {
    it(`takes nothing from an answer that was given early, ${what}`, async () => {
      const { caller, id } = await underWay();
      await agent.reply(...answer(id));
      await until(() => caller.rest.includes('soon'), 'the answer');
      caller.send('zz\r\n');
      assert.equal((await caller.response()).body.toString(), 'soon');
      await within(caller.closed, 'the end of the connection');
      assert.equal(caller.rest.length, 0);
    });
  }

  it('may go on after it was refused, and the answer is not lost', async () => {
    for (const refused of [`${HEAD}zz\r\n`, 'garbage\r\n\r\n']) {
      const caller = fixture.call(refused, true);
      assert.equal(problemCode(await caller.response()), 'bad_request');
      for (let round = 0; round < 5; round += 1) {
        const failure = await new Promise((resolve) => caller.socket.write('more', resolve));
        assert.equal(failure ?? undefined, undefined);
        await fixture.settled();
      }
    }
  });

  it('closes the connection of an agent, whose requests have no second answer', async () => {
    const fields = `Authorization: Bearer ${SECRET}\r\nCaronte-Session: ${agent.session}\r\n`;
    for (const path of [AGENT_PATHS.poll, AGENT_PATHS.reply]) {
      const head = `POST ${path} HTTP/1.1\r\nHost: p\r\n${fields}Transfer-Encoding: chunked\r\n\r\n`;
      const caller = fixture.call(`${head}1\r\n\x01\r\nzz\r\n`);
      await within(caller.closed, 'the end of the connection');
      assert.equal(caller.rest.length, 0);
    }
  });

  /** An upload that the agent has, and whose end is still to come. */
  async function underWay(): Promise<{ caller: RawCaller; id: string }> {
    const caller = fixture.call(`${HEAD}1\r\na\r\n`);
    const { head } = await fixture.clock.advanceUntil(agent.take(), 1, 1_000);
    // Its body is read, so that what is wrong with it is seen.
    void agent.fetchBody(head.id).catch(() => undefined);
    await fixture.settled();
    return { caller, id: head.id };
  }

  function whole(id: string, length: number): string {
    return encodeResponse({ id, status: 200, reason: 'OK', fields: [] }, length);
  }
});
