import assert from 'node:assert/strict';
import { Fixture } from '../support/fixture.ts';
import { within } from '../support/wait.ts';
import { CASES, type Dice, mutate, pieces, runCases } from './cases.ts';
import { Connection } from './connection.ts';
import { echoOf, EchoAgent } from './echo-agent.ts';
import { type GoodRequest, goodRequest, WORDS } from './requests.ts';

const SEED = 20_260_301;
const LANES = 48;
/** How often waits of no time come to their end, in milliseconds. */
const TICK_MS = 2;
/** Callers of another tunnel, who send nothing but good requests. */
const WITNESSES = 3;

function tails(requests: readonly GoodRequest[]): string[] {
  return requests.map(({ method, target, body }) => echoOf(method, target, body));
}

/** All that came back must be answers of the proxy's, or the echo of something that was sent. */
function checkAnswers(received: string, sent: string): void {
  if (received === '') return;
  for (const answer of received.split(/(?=HTTP\/1\.1 \d{3} )/)) {
    const [, status, body = ''] =
      /^HTTP\/1\.1 (\d{3}) [\s\S]*?(?:\r\n\r\n([\s\S]*))?$/.exec(answer) ?? [];
    assert.ok(status !== undefined, `no answer: ${JSON.stringify(answer)}`);
    const echo = /^\[\[\S+ ([0-9a-f]+) [0-9a-f]{16}\]\]$/.exec(body);
    if (echo !== null) {
      // A target has a slash at its beginning even if what was sent has none.
      const target = Buffer.from(echo[1] ?? '', 'hex')
        .toString('latin1')
        .slice(1);
      assert.ok(sent.includes(target), `foreign: ${JSON.stringify(target)}`);
    } else if (body !== '') {
      assert.match(body, /^\{"type":/, `foreign: ${JSON.stringify(body)}`);
    }
  }
}

describe('what callers send at random', () => {
  it(`in ${CASES} cases harms neither the proxy nor other callers`, async () => {
    const fixture = await new Fixture({ maxHead: 16 * 1024, agentWait: 0 }).start();
    // Codes that nobody serves come out of it; callers that half-close wait for the answer.
    const ticking = setInterval(() => fixture.clock.advance(0), TICK_MS);
    const agents = [
      new EchoAgent(await fixture.agent({ code: 'fuzz' })),
      new EchoAgent(await fixture.agent({ code: 'other' }), ({ head }) =>
        assert.match(head.target, /^\/witness-/),
      ),
    ];
    const running = agents.map((agent) => agent.run());
    const lanes: (Connection | undefined)[] = [];
    let good = 0;
    let refused = 0;

    const expectRight = async (connection: Connection, requests: readonly GoodRequest[]) => {
      const expected = tails(requests);
      const last = expected.at(-1) ?? '';
      const received = await connection.take((text) => text.endsWith(last));
      const bodies = received.match(/\[\[[^\]]*\]\]/g) ?? [];
      assert.deepEqual(bodies, expected, received);
      assert.equal(received.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, expected.length, received);
      good += expected.length;
    };

    const oneCase = async (dice: Dice, index: number, lane: number): Promise<void> => {
      const connection = lanes[lane] ?? new Connection(fixture.port);
      lanes[lane] = connection;
      // Time passes, so that some bodies do not travel whole.
      if (dice.chance(0.02)) fixture.clock.advance(2);
      const requests = Array.from({ length: 1 + dice.whole(3) }, (_, at) =>
        goodRequest(dice, 'fuzz', `case-${index}-${at}`),
      );
      const text = requests.map((request) => request.text).join('');
      if (dice.chance(0.2)) {
        await connection.write(pieces(dice, text));
        return await expectRight(connection, requests);
      }
      lanes[lane] = undefined;
      const sent = mutate(dice, text, WORDS);
      await connection.write(pieces(dice, sent));
      if (dice.chance(0.1)) return connection.reset();
      connection.finish();
      const received = await connection.take(() => false);
      checkAnswers(received, sent);
      if (received.includes('Caronte-Error: bad_request')) refused += 1;
    };

    const state = { over: false };
    const witness = async (which: number): Promise<number> => {
      const connection = new Connection(fixture.port);
      let count = 0;
      for (; !state.over; count += 1) {
        const target = `/witness-${which}-${count}`;
        const request = `GET /forward/other${target} HTTP/1.1\r\nHost: p\r\n\r\n`;
        await connection.write([request]);
        await expectRight(connection, [{ text: request, method: 'GET', target, body: '' }]);
      }
      connection.finish();
      return count;
    };
    const witnesses = Promise.all(Array.from({ length: WITNESSES }, (_, which) => witness(which)));

    await runCases(SEED, LANES, oneCase).finally(() => {
      state.over = true;
      clearInterval(ticking);
    });
    const counts = await witnesses;
    for (const connection of lanes) connection?.finish();
    assert.ok(Math.min(...counts) > CASES / 1000, `good requests in between: ${counts.join(', ')}`);
    // Cases of only one kind would test little.
    const answered = agents.map((agent) => agent.answered);
    assert.ok(good > CASES / 10 && refused > CASES / 10, `${good} good, ${refused} refused`);
    assert.ok((answered[0] ?? 0) > CASES / 5, `${answered.join(', ')} answered`);
    for (const agent of agents) agent.stop();
    // Nothing is left in flight: the clock stands still, so no time-out ends it.
    await within(fixture.proxy.close(), 'the end of all exchanges', 20_000);
    await Promise.all(running);
  }).timeout(400_000);
});
