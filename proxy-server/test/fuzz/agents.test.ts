import assert from 'node:assert/strict';
import { DEFAULT_LIMITS } from '../../src/config/limits.ts';
import {
  decodeExchange,
  encodeFailure,
  FAILURE,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { createProxy } from '../../src/server.ts';
import { readRecords, SECRET, TestAgent } from '../support/test-agent.ts';
import { within } from '../support/wait.ts';
import { CASES, Dice, mutate, pieces, runCases } from './cases.ts';
import { Connection } from './connection.ts';
import { echoOf, EchoAgent, sendReplies } from './echo-agent.ts';
import { helloBody, marksIn, pollBody, replyBody, type Targeted } from './replies.ts';
import { endOfResponse } from './responses.ts';

const SEED = 20_260_302;
/** Connections of the agent that misbehaves. */
const LANES = 16;
/** Callers of its tunnel, and of another one. */
const CALLERS = 12;
const WITNESSES = 3;
/** Exchanges that are remembered as worth a reply. */
const REMEMBERED = 14;

/** What is known of a code's exchanges; the latest ones. */
class Known {
  readonly #items: Targeted[] = [];

  /** Returns the ids that are forgotten instead. */
  add(id: string, target: string): string[] {
    this.#items.push({ id, caller: target.slice(1) });
    return this.#items
      .splice(0, Math.max(0, this.#items.length - REMEMBERED))
      .map((item) => item.id);
  }

  pick(dice: Dice): Targeted {
    return this.#items[dice.whole(this.#items.length)] ?? { id: '0'.repeat(32), caller: 'nobody' };
  }
}

/** How an answer to a reply begins. */
const RESULT = `\x01${recordHeader(RECORD.result, 33)}`;

const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {}

function request(method: string, path: string, lines: readonly string[], body: string): string {
  const length = `Content-Length: ${body.length}`;
  return [`${method} ${path} HTTP/1.1`, 'Host: p', ...lines, length, '', body].join('\r\n');
}

describe('what an agent sends at random', () => {
  it(`in ${CASES} cases harms neither the proxy nor the callers of others`, async () => {
    const proxy = createProxy(
      {
        ...{ secrets: [SECRET], host: '127.0.0.1', port: 0, publicUrl: undefined },
        limits: { ...DEFAULT_LIMITS, agentWait: 0, drainTimeout: 60, maxSessions: 100 },
      },
      { log },
    );
    const { port } = await proxy.listen();
    const hostile = new TestAgent(port);
    await hostile.hello({ code: 'hostile' });
    const own = new Known();
    const others = new Known();
    const victim = new TestAgent(port);
    await victim.hello({ code: 'victim' });
    const echo = new EchoAgent(victim, ({ head }) => {
      others.add(head.id, head.target);
    });
    const state = { over: false };
    let delivered = 0;
    let malformed = 0;

    /** Chance has passed these over: their callers would wait for long. */
    const fail = async (ids: readonly string[]): Promise<void> => {
      const failures = ids.map((id) =>
        encodeFailure({ id, code: FAILURE.refused, detail: 'forgotten' }),
      );
      if (failures.length > 0) await sendReplies(hostile, failures);
    };

    /** Fetches exchanges for the replies at random. */
    const pump = async (): Promise<void> => {
      let acknowledge: string[] = [];
      while (!state.over) {
        const { exchanges, status } = await hostile.startPoll({ acknowledge, capacity: 4 }).answer;
        if (status === 404 && !state.over) await hostile.hello({ code: 'hostile' });
        acknowledge = exchanges.map(({ head }) => head.id);
        await fail(exchanges.flatMap(({ head }) => own.add(head.id, head.target)));
      }
    };

    /** A caller of the misbehaving agent's. What comes may be nonsense, but is one response. */
    const suffer = async (which: number): Promise<number> => {
      let connection = new Connection(port);
      let count = 0;
      for (; !state.over; count += 1) {
        const dice = new Dice(SEED + 1 + which, count);
        const name = `caller-${which}-${count}`;
        const method = dice.pick(['GET', 'POST', 'HEAD']);
        const body = dice.chance(0.1) ? 'b'.repeat(100_000) : '';
        await connection.write([request(method, `/forward/hostile/${name}`, [], body)]);
        const leaves = dice.chance(0.1) ? dice.whole(2_000) : Infinity;
        const received = await connection.take(
          (text) => state.over || text.length > leaves || endOfResponse(text, method) !== undefined,
        );
        assert.ok(!received.includes('[['), `of another tunnel: ${received}`);
        const [mark = name] = marksIn(received);
        assert.equal(mark, name, received);
        const end = endOfResponse(received, method) ?? received.length;
        assert.equal(received.slice(end), '', 'after the response');
        const complete = endOfResponse(received, method) !== undefined;
        if (connection.over || !complete || /\r\nConnection: close\r\n/.test(received)) {
          connection.reset();
          connection = new Connection(port);
        }
      }
      connection.reset();
      return count;
    };

    /** A caller of the other tunnel. */
    const witness = async (which: number): Promise<number> => {
      const connection = new Connection(port);
      let count = 0;
      for (; !state.over; count += 1) {
        const target = `/witness-${which}-${count}`;
        await connection.write([request('POST', `/forward/victim${target}`, [], target)]);
        const text = await connection.take((sofar) => endOfResponse(sofar, 'POST') !== undefined);
        assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
        assert.ok(text.endsWith(`\r\n\r\n${echoOf('POST', target, target)}`), text);
      }
      connection.reset();
      return count;
    };

    /** What a poll at random brought is worth replies too. */
    const takeFrom = async (body: string): Promise<void> => {
      for (const { type, payload } of readRecords(Buffer.from(body, 'latin1'))) {
        if (type !== RECORD.exchange) continue;
        const { head } = decodeExchange(payload);
        await fail(own.add(head.id, head.target));
      }
    };

    const make = (dice: Dice): string => {
      const targeted = (): Targeted => (dice.chance(0.85) ? own : others).pick(dice);
      const lines = [`Authorization: Bearer ${SECRET}`, `Caronte-Session: ${hostile.session}`];
      const kind = dice.whole(20);
      if (kind < 14) return request('POST', '/agent/reply', lines, replyBody(dice, targeted));
      if (kind < 16) return request('POST', '/agent/hello', lines, helloBody(dice));
      if (kind < 18) {
        const wait = `Caronte-Wait: ${dice.pick(['0', '0', '00'])}`;
        const capacity = `Caronte-Capacity: ${dice.pick(['0', '0', '0', '1'])}`;
        const body = pollBody(dice, targeted);
        return request('POST', '/agent/poll', [...lines, wait, capacity], body);
      }
      const { id } = (dice.chance(0.5) ? own : others).pick(dice);
      const path = dice.chance(0.5) ? id : mutate(dice, id, ['/', '.', '%00', '__proto__']);
      const tidy = path.replace(/[^!-~]/g, '_');
      return request('GET', `/agent/body/${tidy}`, lines, '');
    };

    const lanes: (Connection | undefined)[] = [];
    const oneCase = async (dice: Dice, _index: number, lane: number): Promise<void> => {
      const connection = lanes[lane] ?? new Connection(port);
      lanes[lane] = connection;
      const sent = make(dice);
      if (dice.chance(0.05)) {
        // Breaks off in the middle of what it sends.
        lanes[lane] = undefined;
        await connection.write(pieces(dice, sent.slice(0, dice.whole(sent.length))));
        return connection.reset();
      }
      await connection.write(dice.chance(0.1) ? pieces(dice, sent) : [sent]);
      const received = await connection.take((text) => endOfResponse(text, '') !== undefined);
      const status = /^HTTP\/1\.1 (\d+) /.exec(received)?.[1] ?? 'none';
      assert.match(status, /^(?:200|204|400|404|409|503)$/, `${sent} => ${received}`);
      assert.ok(!received.includes('/witness-'), `of another tunnel: ${received}`);
      assert.equal(received.slice(endOfResponse(received, '')), '', 'after the response');
      const body = received.slice(received.indexOf('\r\n\r\n') + 4);
      if (status === '200' && body.startsWith(RESULT)) delivered += 1;
      if (status === '200' && sent.startsWith('POST /agent/poll')) await takeFrom(body);
      if (received.includes('Caronte-Error: malformed')) malformed += 1;
      if (connection.over || received.includes('\r\nConnection: close\r\n')) {
        connection.reset();
        lanes[lane] = undefined;
      }
    };

    const echoing = echo.run();
    const pumping = pump();
    const callers = Array.from({ length: CALLERS }, (_, which) => suffer(which));
    const witnesses = Array.from({ length: WITNESSES }, (_, which) => witness(which));
    const background = Promise.all([...callers, ...witnesses]);
    const finish = async (): Promise<readonly number[]> => {
      state.over = true;
      // Whoever still waits for the hostile agent is let go.
      await hostile.bye();
      await pumping;
      return await background;
    };
    await Promise.race([runCases(SEED, LANES, oneCase), background.then(() => undefined)]);
    const counts = await finish();
    for (const connection of lanes) connection?.reset();
    // All callers got something, and cases of only one kind would test little.
    assert.ok(Math.min(...counts) > 0, `requests in between: ${counts.join(', ')}`);
    assert.ok(echo.answered > CASES / 200, `${echo.answered} echoed`);
    assert.ok(
      delivered > CASES / 50 && malformed > CASES / 10,
      `${delivered} answered, ${malformed} malformed`,
    );
    echo.stop();
    await within(proxy.close(), 'the end of all exchanges', 20_000);
    await echoing;
  }).timeout(400_000);
});
