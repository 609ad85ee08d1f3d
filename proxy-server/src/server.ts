import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ProxyOptions } from './config/limits.ts';
import { type Arrival, Edge, type Names, publicUrls, TrustedPeers } from './edge/index.ts';
import {
  answerProblem,
  holdContinue,
  onInputEnd,
  originForm,
  refuseConnection,
} from './http/index.ts';
import {
  createListener,
  onHttpConnection,
  replaceCertificate,
  UnusedConnections,
} from './listener.ts';
import { Pipelines } from './pipeline.ts';
import { AGENT_PREFIX, type Problem } from './protocol/index.ts';
import { QueueApi, Queues } from './queue/index.ts';
import { type Clock, HeldBytes, type Logger, systemClock } from './routing/index.ts';
import type { Store } from './store/index.ts';
import { AgentApi, Authenticator, Registry } from './tunnel/index.ts';
import { refuseUnparsed } from './unparsed.ts';
import { asksForWebSocket, giveBack } from './upgrade.ts';

/** A proxy, from {@link createProxy}. */
export interface Proxy {
  /** Starts to listen. Resolves with the address; rejects if the port is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Takes other secrets, and another certificate for connections to come; those that are open stay.
   * Without a certificate the one in force stays. Throws if it cannot be used; nothing changes then.
   */
  reload(options: Pick<ProxyOptions, 'secrets' | 'tls'>): void;
  /** Drains: takes no new exchange, lets those in flight finish within the grace time, then stops. */
  close(): Promise<void>;
  /** Drops every connection at once. */
  destroy(): Promise<void>;
}

/** How often connections that have become idle are closed during shutdown. */
const SWEEP_MS = 20;

/**
 * What became of the last deliveries may take so long to be written at shutdown, in milliseconds. On a
 * full disk it would wait for room, and the proxy with it; what is not written is delivered again.
 */
const SETTLE_MS = 1_000;

/** What a proxy has beside its options; tests bring their own. */
export interface ProxyParts {
  readonly log: Logger;
  readonly clock?: Clock;
  /** Where requests are kept; the proxy closes it in the end. */
  readonly store?: Store | undefined;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/**
 * Builds a proxy. Start order: sessions and queues, then the agents' side and the callers' side on
 * one listener. Stop order: callers are refused, polls end with a notice, exchanges and deliveries
 * finish, sessions end, the listener closes, the store closes.
 */
export function createProxy(options: ProxyOptions, parts: ProxyParts): Proxy {
  const { log, clock = systemClock, store, random = Math.random } = parts;
  const { limits } = options;
  const publicUrl = options.publicUrl?.replace(/\/+$/, '');
  const names: Names = {
    domain: options.domain,
    ownHost: publicUrl === undefined ? undefined : new URL(publicUrl).hostname.replace(/\.$/, ''),
  };
  const { trustProxy = [] } = options;
  const trusted = trustProxy.length > 0 ? new TrustedPeers(trustProxy) : undefined;
  const protocol = options.tls === undefined ? 'http' : 'https';
  const heldBytes = new HeldBytes(limits.maxHeld);
  const registry = new Registry({ limits, clock, log, heldBytes });
  const queues = new Queues({ store, tunnels: registry, limits, clock, log, random });
  registry.watch(queues);
  const queueApi = new QueueApi(queues, log);
  const edge = new Edge({
    limits,
    router: queues,
    clock,
    log,
    arrival: { names, protocol, trusted },
    heldBytes,
  });
  const authenticator = new Authenticator(options.secrets);
  const agents = new AgentApi({
    limits,
    registry,
    clock,
    log,
    authenticator,
    queues: {
      refuse: (policy) => queues.refuse(policy),
      welcome: (hello, isNew) => queues.welcome(hello, isNew),
      handle: (request, response) => queueApi.handle(request, response),
    },
    publicUrls: (code) => publicUrls(code, { names, publicUrl, protocol, port: address().port }),
  });

  const server = createListener(limits, options.tls);
  const unused = new UnusedConnections(server);

  const note = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    unused.used(socket);
    (socket as CallerSocket)[LATEST] = response;
  };
  const pipelines = new Pipelines(limits.maxPipelined, (request, response) => {
    const arrival = edge.arrival(request);
    if (isAgents(request, arrival)) agents.handle(request, response, arrival.caller);
    else edge.handle(request, response, arrival);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    note(request, response);
    pipelines.take(request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    unused.used(socket);
    afterLatest(socket, () => {
      socket.setTimeout(0);
      const arrival = edge.arrival(request);
      if (!asksForWebSocket(request) || arrival.address === undefined) {
        return giveBack(server, request, socket, head);
      }
      handedOver.add(socket);
      socket.once('close', () => handedOver.delete(socket));
      socket.on('error', () => socket.destroy());
      edge.upgrade(request, socket, head, arrival);
    });
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    holdContinue(request, response);
    server.emit('request', request, response);
  });
  // Node would answer by itself, without the mark of the proxy's own answers.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    note(request, response);
    answerProblem(response, EXPECTATION_REFUSED);
  });
  server.on('connect', (_request, socket) => {
    refuseConnection(socket as Socket, CONNECT_REFUSED);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuseUnparsed(error, socket as Socket, (socket as CallerSocket)[LATEST]);
  });

  // A connection may come a second time, see `giveBack`.
  function inputEnded(this: CallerSocket): void {
    onInputEnd(this, this[LATEST], clock.monotonic());
  }
  onHttpConnection(server, (socket) => {
    // Node names no encoding for a head that leaves before its body, and heads are Latin-1.
    socket.setDefaultEncoding('latin1');
    socket.off('end', inputEnded);
    socket.once('end', inputEnded);
    pipelines.add(socket);
  });

  const address = (): AddressInfo => server.address() as AddressInfo;
  // Connections that Node's server has nothing to do with any more.
  const handedOver = new Set<Socket>();

  let stopped: Promise<void> | undefined;
  const stopListening = (): Promise<void> => {
    stopped ??= new Promise((resolve) => {
      server.close(() => resolve());
    });
    return stopped;
  };
  let destroyed: Promise<void> | undefined;
  const destroy = (): Promise<void> => {
    destroyed ??= destroyAll();
    return destroyed;
  };
  const destroyAll = async (): Promise<void> => {
    const settled = queues.drain();
    registry.destroy();
    const done = stopListening();
    server.closeAllConnections();
    for (const socket of handedOver) socket.destroy();
    unused.destroy();
    await done;
    // With the sessions every delivery has ended; what became of it is still to be written.
    await Promise.race([settled, elapsed(clock, SETTLE_MS)]);
    await store?.close();
  };

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          const { address: host, port } = address();
          resolve({ host, port });
        });
      }),
    reload: ({ secrets, tls }) => {
      if (tls !== undefined) replaceCertificate(server, tls);
      authenticator.use(secrets);
    },
    close: async () => {
      const graceOver = elapsed(clock, limits.drainTimeout * 1000);
      const quiet = Promise.all([edge.drain(), queues.drain()]);
      agents.drain();
      await Promise.race([quiet, graceOver]);
      if (edge.inFlight > 0) log.warn({ count: edge.inFlight }, 'exchanges cut off at shutdown');
      registry.destroy();
      // Answers that were given may still be on their way to slow readers.
      const flushed = stopListening();
      const sweep = setInterval(() => {
        server.closeIdleConnections();
        unused.destroy();
      }, SWEEP_MS);
      await Promise.race([flushed, graceOver]);
      clearInterval(sweep);
      await destroy();
    },
    destroy,
  };
}

/** The latest response on a connection: one that is not through must not be written into. */
const LATEST = Symbol('latest response');

type CallerSocket = Socket & { [LATEST]?: ServerResponse };

/** On a tunnel's own origin every path is the target's. */
function isAgents(request: IncomingMessage, { address }: Arrival): boolean {
  return address === undefined && originForm(request.url ?? '').startsWith(AGENT_PREFIX);
}

/**
 * Calls back once the earlier answers on a connection are written: nothing may come between them.
 * Node hands a connection over although they are not, and then does no more for them. So one whose
 * earlier requests have not been answered yet is closed: who pipelines has to expect that (RFC 9112
 * section 9.3.2).
 */
function afterLatest(socket: CallerSocket, callback: () => void): void {
  const latest = socket[LATEST];
  if (latest === undefined || latest.writableFinished) return callback();
  if (!latest.writableEnded || latest.socket === null) return void socket.destroy();
  socket.on('error', () => socket.destroy());
  latest.once('close', () => {
    if (!socket.destroyed && socket.writable) callback();
  });
}

const CONNECT_REFUSED: Problem = {
  code: 'method_not_allowed',
  detail: 'CONNECT does not pass through a tunnel.',
};

const EXPECTATION_REFUSED: Problem = {
  code: 'expectation_failed',
  detail: 'Expect may ask for 100-continue and nothing else.',
};

function elapsed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
