import { DEFAULT_LIMITS, type Limits, type ProxyOptions } from '../../src/config/limits.ts';
import { HALF_CLOSE_MS } from '../../src/http/index.ts';
import { createProxy, type Proxy } from '../../src/server.ts';
import type { Store } from '../../src/store/index.ts';
import { RawCaller } from './caller.ts';
import { FakeClock } from './clock.ts';
import { SECRET, TestAgent } from './test-agent.ts';

/** A proxy on a free port whose time the test moves, and who talks to it. */
export class Fixture {
  readonly clock: FakeClock;
  readonly log: string[] = [];
  readonly proxy: Proxy;
  readonly callers: RawCaller[] = [];
  port = 0;
  readonly #ca: string | undefined;

  constructor(
    limits: Partial<Limits> = {},
    options: Partial<ProxyOptions> = {},
    parts: { readonly clock?: FakeClock; readonly store?: Store } = {},
  ) {
    this.clock = parts.clock ?? new FakeClock();
    this.#ca = options.tls?.cert;
    const note = (_details: object, message: string): void => {
      this.log.push(message);
    };
    this.proxy = createProxy(
      {
        secrets: [SECRET],
        host: '127.0.0.1',
        port: 0,
        publicUrl: undefined,
        ...options,
        limits: { ...DEFAULT_LIMITS, ...limits },
      },
      {
        log: { debug: note, info: note, warn: note, error: note },
        clock: this.clock,
        store: parts.store,
        // The longest pauses, so that a test knows them.
        random: () => 1,
      },
    );
  }

  async start(): Promise<this> {
    this.port = (await this.proxy.listen()).port;
    return this;
  }

  async stop(): Promise<void> {
    for (const caller of this.callers) caller.destroy();
    await this.proxy.destroy();
  }

  /** A caller's connection, with these bytes sent. */
  call(bytes: string | Buffer = '', allowHalfOpen = false): RawCaller {
    const caller = new RawCaller(this.port, allowHalfOpen, this.#ca);
    this.callers.push(caller);
    if (bytes.length > 0) caller.send(bytes);
    return caller;
  }

  /** A caller that asks for `/forward/orders/<path>`. */
  get(path = '', method = 'GET', fields = ''): RawCaller {
    return this.call(`${method} /forward/orders/${path} HTTP/1.1\r\nHost: p\r\n${fields}\r\n`);
  }

  /**
   * Resolves once the proxy has seen what was sent, or closed, before: connections are served in
   * turn, and a request of its own has been answered twice over since then.
   */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) {
      const caller = this.call('TRACE / HTTP/1.1\r\nHost: p\r\n\r\n');
      await caller.response();
      caller.destroy();
      this.callers.pop();
    }
  }

  /** A caller gives up, later than a half-close would come. */
  leave(caller: RawCaller | undefined): void {
    this.clock.advance(HALF_CLOSE_MS + 1);
    caller?.destroy();
  }

  /** An agent that has said hello and was taken. */
  async agent(...hello: Parameters<TestAgent['hello']>): Promise<TestAgent> {
    const agent = new TestAgent(this.port, SECRET, this.#ca);
    const answer = await agent.hello(...hello);
    if (answer.status !== 200) throw new Error(`hello: ${answer.status} ${String(answer.body)}`);
    return agent;
  }
}
