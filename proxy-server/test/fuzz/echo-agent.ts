import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { AGENT_PATHS, encodeResponse, RECORD } from '../../src/protocol/index.ts';
import {
  type Answer,
  gather,
  readRecords,
  records,
  type Taken,
  type TestAgent,
} from '../support/test-agent.ts';

/** What an intermediary must have taken out, by lower-case name. */
const HOP_BY_HOP =
  /^(?:connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade|proxy)$/;

/** What an {@link EchoAgent} answers: a caller finds in it what was made of the request. */
export function echoOf(method: string, target: string, body: string): string {
  const hash = createHash('sha256').update(body, 'latin1').digest('hex').slice(0, 16);
  return `[[${method} ${Buffer.from(target, 'latin1').toString('hex')} ${hash}]]`;
}

/** Takes as long as it takes: a machine that is busy must not fail a test. */
export function sendReplies(agent: TestAgent, replies: readonly string[]): Promise<Answer> {
  const outgoing = agent.open('POST', AGENT_PATHS.reply);
  outgoing.end(records(...replies));
  return gather(outgoing);
}

/** An agent that answers each request with what it saw of it, and checks that it may see that. */
export class EchoAgent {
  readonly #agent: TestAgent;
  readonly #looks: (taken: Taken) => void;
  #stopped = false;
  #answered = 0;
  #error: unknown;

  constructor(agent: TestAgent, looks: (taken: Taken) => void = () => undefined) {
    this.#agent = agent;
    this.#looks = looks;
  }

  /** How many exchanges it has answered. Throws what it found wrong. */
  get answered(): number {
    if (this.#error !== undefined) throw this.#error;
    return this.#answered;
  }

  /** Works until it is stopped. */
  async run(): Promise<void> {
    let acknowledge: string[] = [];
    while (!this.#stopped) {
      const { status, exchanges } = await this.#agent.startPoll({ acknowledge }).answer;
      if (this.#stopped) return;
      assert.ok(status === 200 || status === 204, `poll: ${status}`);
      acknowledge = exchanges.map(({ head }) => head.id);
      if (exchanges.length > 0) void this.#answer(exchanges);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async #answer(exchanges: readonly Taken[]): Promise<void> {
    try {
      const replies = await Promise.all(exchanges.map((taken) => this.#echo(taken)));
      this.#answered += replies.length;
      if (this.#stopped) return;
      const { status } = await sendReplies(this.#agent, replies.flat());
      assert.equal(status, 200, 'reply');
    } catch (error) {
      if (!this.#stopped) this.#error ??= error;
    }
  }

  async #echo(taken: Taken): Promise<string[]> {
    const { head } = taken;
    assert.match(head.method, /^[A-Z-]+$/);
    assert.match(head.target, /^\/[^\s#\0]*$/);
    for (let at = 0; at < head.fields.length; at += 2) {
      const name = head.fields[at] ?? '';
      assert.match(name, /^[!#$%&'*+.^_`|~0-9a-z-]+$/i);
      assert.doesNotMatch(name.toLowerCase(), HOP_BY_HOP);
      assert.doesNotMatch(head.fields[at + 1] ?? '', /[\r\n\0]/);
    }
    this.#looks(taken);
    const body = head.body.kind === 'stream' ? await this.#fetch(head.id) : taken.body;
    const text = echoOf(head.method, head.target, body.toString('latin1'));
    const reply = { id: head.id, status: 200, reason: 'OK', fields: ['X-Echo', 'yes'] };
    return [encodeResponse(reply, text.length), text];
  }

  async #fetch(id: string): Promise<Buffer> {
    // The caller may leave in the middle of it.
    const fetching = this.#agent.open('GET', AGENT_PATHS.body + id);
    fetching.end();
    const answer = await gather(fetching).catch(() => undefined);
    if (answer?.status !== 200) return Buffer.alloc(0);
    const data = readRecords(answer.body).filter(({ type }) => type === RECORD.data);
    return Buffer.concat(data.map(({ payload }) => payload));
  }
}
