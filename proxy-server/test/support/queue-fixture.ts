import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type Limits } from '../../src/config/limits.ts';
import { encodeResponse, type HelloRequest, type TunnelPolicy } from '../../src/protocol/index.ts';
import { openStore, type Store, storeLimits } from '../../src/store/index.ts';
import { field, type RawCaller, type RawResponse } from './caller.ts';
import { FakeClock } from './clock.ts';
import { Fixture } from './fixture.ts';
import type { Taken, TestAgent } from './test-agent.ts';
import { within } from './wait.ts';

/** A policy that queues. */
export const QUEUEING: Pick<HelloRequest, 'policy'> = policy({});

/** A policy that queues, and what else a test wants of it. */
export function policy(more: Partial<TunnelPolicy>): Pick<HelloRequest, 'policy'> {
  return { policy: { reply: 'wait', offline: 'queue', ...more } };
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A proxy with a store, which may be stopped and started again in the same folder. */
export class QueueFixture {
  readonly clock = new FakeClock();
  readonly #limits: Partial<Limits>;
  #folder: string;
  #fixture: Fixture | undefined;
  #store: Store | undefined;

  private constructor(folder: string, limits: Partial<Limits>) {
    this.#folder = folder;
    this.#limits = limits;
  }

  static async start(limits: Partial<Limits> = {}): Promise<QueueFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'caronte-queue-'));
    const fixture = new QueueFixture(folder, limits);
    await fixture.restart();
    return fixture;
  }

  get proxy(): Fixture {
    if (this.#fixture === undefined) throw new Error('the proxy is not running');
    return this.#fixture;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('the proxy is not running');
    return this.#store;
  }

  /** Starts, or stops and starts again. */
  async restart(): Promise<void> {
    await this.#fixture?.stop();
    const limits = { ...DEFAULT_LIMITS, ...this.#limits };
    this.#store = await openStore(this.#folder, {
      limits: storeLimits(limits),
      clock: this.clock,
      log: QUIET,
    });
    const parts = { store: this.#store, clock: this.clock };
    this.#fixture = await new Fixture(this.#limits, {}, parts).start();
  }

  /** Starts again with what was on disk before the proxy could do anything about its end. */
  async kill(): Promise<void> {
    const before = this.#folder;
    const copy = await mkdtemp(join(tmpdir(), 'caronte-queue-'));
    await cp(before, copy, { recursive: true });
    this.#folder = copy;
    await this.restart();
    await rm(before, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.#fixture?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A caller that posts to `/forward/orders/hook`. */
  post(body: string | Buffer = 'hello', fields = ''): RawCaller {
    const length = `Content-Length: ${body.length}\r\n`;
    const head = `POST /forward/orders/hook HTTP/1.1\r\nHost: p\r\n${length}${fields}\r\n`;
    const caller = this.proxy.call(head);
    caller.send(body);
    return caller;
  }

  /** The same; resolves with the id that the 202 names. */
  async kept(body?: string | Buffer, fields?: string): Promise<string> {
    return keptId(await within(this.post(body, fields).response(), 'a 202', 5_000));
  }

  /** Has an agent say that it took an exchange, with no poll open after that. */
  async acknowledge(agent: TestAgent, { head }: Taken): Promise<void> {
    const poll = agent.startPoll({ acknowledge: [head.id], capacity: 0, wait: 0 });
    await this.clock.advanceUntil(poll.answer, 1);
  }

  /** An agent whose tunnel queues; it has said hello. */
  agent(hello: Partial<HelloRequest> = QUEUEING): Promise<TestAgent> {
    return this.proxy.agent(hello);
  }

  /** Has an agent of that policy come and go, so that the tunnel has it. */
  async remembered(hello: Partial<HelloRequest> = QUEUEING): Promise<void> {
    await (await this.agent(hello)).bye();
  }
}

export function keptId(response: RawResponse): string {
  if (response.status !== 202) {
    throw new Error(`not kept: ${response.statusLine} ${response.body.toString()}`);
  }
  return field(response.fields, 'Caronte-Exchange') ?? '';
}

/** Answers an exchange, acknowledged with the poll that follows. */
export async function answer(
  agent: TestAgent,
  { head }: Taken,
  status = 200,
  fields: readonly string[] = [],
): Promise<void> {
  await agent.reply(encodeResponse({ id: head.id, status, reason: '', fields }, 0));
}
