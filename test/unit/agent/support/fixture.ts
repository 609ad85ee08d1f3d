import type { Missed, QueueState } from 'caronte-proxy/protocol';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Agent, createAgent } from '../../../../src/agent/agent.ts';
import type { ExchangeEvent } from '../../../../src/agent/events.ts';
import type { AgentOptions } from '../../../../src/agent/options.ts';
import type { ConnectionState } from '../../../../src/agent/state.ts';
import { FakeClock } from './clock.ts';
import { FakeProxy } from './fake-proxy.ts';
import { until } from './wait.ts';

export type TargetHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Options of an agent, but for the addresses. */
export const OPTIONS: Omit<AgentOptions, 'proxyUrl' | 'target'> = {
  secret: 'a secret of the tests',
  code: 'orders',
  sendReply: true,
  maxAttempts: 3,
  targetTimeoutMs: 10_000,
  pollTimeoutMs: 60_000,
  share: 'exclusive',
  takeover: false,
  installation: 'f'.repeat(32),
  software: 'test/1',
};

/** An agent between a fake proxy and a target of the test's own. */
export class Fixture {
  readonly clock = new FakeClock();
  readonly proxy = new FakeProxy();
  readonly states: ConnectionState[] = [];
  readonly events: ExchangeEvent[] = [];
  readonly warnings: string[] = [];
  readonly queues: QueueState[] = [];
  readonly missed: Missed[] = [];
  /** What the host's listener does with the agent's events. */
  onEvent: (event: ExchangeEvent) => void = (event) => this.events.push(event);
  /** What the target does; counts as one call of it each. */
  onTarget: TargetHandler = (_request, response) => response.end('ok');
  /** What the target does with a request for an upgrade. */
  onUpgrade: (request: IncomingMessage, socket: Duplex) => void = (_request, socket) =>
    socket.destroy();
  readonly #upgraded: Duplex[] = [];
  readonly #target: Server = createServer((request, response) => this.onTarget(request, response));
  #agent: Agent | undefined;

  async start(more: Partial<AgentOptions> = {}): Promise<this> {
    const proxyUrl = await this.proxy.listen();
    this.#target.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      this.#upgraded.push(socket);
      socket.on('error', () => socket.destroy());
      this.onUpgrade(request, socket);
    });
    await new Promise<void>((resolve) => this.#target.listen(0, '127.0.0.1', resolve));
    this.#agent = createAgent(
      {
        proxyUrl,
        target: `http://127.0.0.1:${(this.#target.address() as AddressInfo).port}`,
        ...OPTIONS,
        ...more,
      },
      {
        onState: (state) => this.states.push(state),
        onExchange: (event) => this.onEvent(event),
        onWarning: ({ code }) => this.warnings.push(code),
        onQueue: (state) => this.queues.push(state),
        onMissed: (missed) => this.missed.push(missed),
      },
      this.clock,
    );
    this.#agent.start();
    return this;
  }

  get agent(): Agent {
    if (this.#agent === undefined) throw new Error('not started');
    return this.#agent;
  }

  async stop(): Promise<void> {
    await this.#agent?.destroy();
    await this.proxy.close();
    this.#target.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await new Promise((resolve) => this.#target.close(resolve));
  }

  async reaches(kind: ConnectionState['kind']): Promise<ConnectionState> {
    await until(() => this.agent.state.kind === kind, `${kind}, not ${this.agent.state.kind}`);
    return this.agent.state;
  }

  /** The stable code of why the connection is down. */
  get trouble(): string | undefined {
    const { state } = this.agent;
    return 'trouble' in state ? state.trouble?.code : undefined;
  }
}
