import {
  AGENT_PATHS,
  decodeFailure,
  decodeResponse,
  encodeResult,
  OUTCOME,
  RECORD,
  WIRE_LIMITS,
} from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { MAX_HINTS, MAX_INFORMATION } from '../../../src/agent/information.ts';
import { exchange, freshId, readRecords, records } from './support/fake-proxy.ts';
import { Fixture } from './support/fixture.ts';
import { until } from './support/wait.ts';

type Records = { type: number; payload: Buffer }[];

describe('a target whose response knows no measure', () => {
  let fixture: Fixture;
  let text = '';

  beforeEach(() => {
    fixture = new Fixture();
    fixture.onTarget = (request, response) => {
      request.resume();
      response.socket?.end(text, 'latin1');
    };
  });
  afterEach(() => fixture.stop());

  async function start(rewritePaths = false): Promise<void> {
    await fixture.start({ rewritePaths });
    await fixture.proxy.welcome();
    await fixture.reaches('live');
  }

  /** Hands an exchange over. Resolves with all that the agent says of it, the final word last. */
  async function answer(response: string, prefix = ''): Promise<Records> {
    text = response;
    const id = freshId();
    const fields = ['X-Forwarded-Prefix', prefix];
    (await fixture.proxy.poll()).response.end(records(exchange(id, { fields })));
    const all: Records = [];
    while (!all.some(({ type }) => type === RECORD.response || type === RECORD.failure)) {
      const asked = await fixture.proxy.next(AGENT_PATHS.reply);
      all.push(...readRecords(asked.body));
      asked.response.end(records(encodeResult(id, OUTCOME.delivered)));
    }
    await until(() => fixture.agent.inHand === 0, 'the end');
    return all;
  }

  function failure(all: Records): string {
    const last = all.at(-1);
    assert.equal(last?.type, RECORD.failure);
    const { code, detail } = decodeFailure(last.payload);
    return `${code} ${detail.replace(/^http:\/\/127\.0\.0\.1:\d+: /, '')}`;
  }

  function status(all: Records): number {
    return decodeResponse(all.at(-1)?.payload ?? Buffer.alloc(0)).head.status;
  }

  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
  const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
  const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';

  it('may announce a length of 15 digits, and is refused for more', async () => {
    await start();
    const head = (length: string): string =>
      `HTTP/1.1 304 Not Modified\r\nContent-Length: ${length}\r\n\r\n`;
    assert.equal(status(await answer(head('9'.repeat(15)))), 304);
    assert.equal(
      failure(await answer(head('9'.repeat(16)))),
      'agent_refused a Content-Length that nobody can count',
    );
  });

  it('may send many informational responses, and is given up after too many', async () => {
    await start();
    assert.equal(status(await answer(PROCESSING.repeat(MAX_INFORMATION) + OK)), 200);
    assert.equal(
      failure(await answer(PROCESSING.repeat(MAX_INFORMATION + 1) + OK)),
      'agent_refused endless informational responses',
    );
  });

  it('has a few early hints passed on, and no more', async () => {
    await start();
    for (const [sent, passed] of [
      [MAX_HINTS, MAX_HINTS],
      [MAX_HINTS + 1, MAX_HINTS],
    ] as const) {
      const all = await answer(HINT.repeat(sent) + OK);
      assert.equal(status(all), 200);
      assert.equal(all.filter(({ type }) => type === RECORD.information).length, passed);
    }
  });

  it('is refused if there are more fields than a record can hold, however short', async () => {
    await start();
    // Each takes a byte at the parser and three in the record.
    const most = Math.floor((WIRE_LIMITS.text - 100) / 3);
    const head = (count: number): string =>
      `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(count)}Content-Length: 0\r\n\r\n`;
    assert.equal(status(await answer(head(most - 20))), 200);
    assert.equal(
      failure(await answer(head(most + 40))),
      'agent_refused the head of the response is too large',
    );
  });

  it('is refused if rewriting its paths makes more of them than a record can hold', async () => {
    await start(true);
    const head = `HTTP/1.1 200 OK\r\n${'Location: /\r\n'.repeat(9_000)}Content-Length: 0\r\n\r\n`;
    assert.equal(status(await answer(head)), 200);
    assert.equal(
      failure(await answer(head, `/forward/${'x'.repeat(63)}`)),
      'agent_refused the head of the response is too large',
    );
  });

  it('has its reason phrase cut', async () => {
    await start();
    const reason = (length: number): string => `HTTP/1.1 200 ${'\xe9'.repeat(length)}\r\n`;
    const all = await answer(
      `${reason(40_000)}${'a: b\r\n'.repeat(40_000)}Content-Length: 0\r\n\r\n`,
    );
    const { head } = decodeResponse(all.at(-1)?.payload ?? Buffer.alloc(0));
    assert.equal(head.status, 200);
    assert.equal(head.reason.length, 1_024);
  });
});
