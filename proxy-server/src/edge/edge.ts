import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../config/limits.ts';
import { answerProblem, authorityOf, meaningOfEnd, sayContinue } from '../http/index.ts';
import { type Deadline, Deadlines, GATHER_MS, type Problem } from '../protocol/index.ts';
import {
  type Caller,
  type Clock,
  deadlineTime,
  Exchange,
  type HeldBytes,
  type Logger,
  newId,
  type RequestBody,
  type Router,
  UNSERVED,
} from '../routing/index.ts';
import type { Address } from './address.ts';
import { type Arrival, type ArrivalContext, arrivalOf } from './arrival.ts';
import { type BodyContext, CallerBody } from './caller-body.ts';
import { CallerResponse } from './caller-response.ts';
import { checkHead } from './check.ts';
import { fieldsForTarget, withHost } from './forwarded.ts';
import { SlowCallers } from './slow-callers.ts';
import { UpgradeBody } from './upgrade-body.ts';
import { responseOn, UpgradeCaller } from './upgrade-caller.ts';
import { watchChunks } from './watch-chunks.ts';

export interface EdgeOptions {
  readonly limits: Limits;
  readonly router: Router;
  readonly clock: Clock;
  readonly log: Logger;
  readonly arrival: ArrivalContext;
  readonly heldBytes: HeldBytes;
}

/** The public side: turns callers' requests into exchanges and offers them to their routes. */
export class Edge {
  readonly #options: EdgeOptions;
  readonly #bodies: BodyContext;
  readonly #patience: Deadlines<Exchange>;
  readonly #slow: SlowCallers;
  /** By this name in Via a request that comes back is known (RFC 9110 section 7.6.3). */
  readonly #pseudonym = `caronte-${randomBytes(4).toString('hex')}`;
  #inFlight = 0;
  #draining = false;
  #onQuiet: (() => void) | undefined;

  constructor(options: EdgeOptions) {
    this.#options = options;
    const { limits, clock, heldBytes } = options;
    this.#slow = new SlowCallers(limits, clock);
    this.#bodies = {
      maxBytes: limits.maxBody,
      idleMs: limits.bodyIdleTimeout * 1000,
      clock,
      heldBytes,
      gathering: new Deadlines(deadlineTime(clock), GATHER_MS, (body: CallerBody) =>
        body.becomeStream(),
      ),
    };
    this.#patience = new Deadlines(
      deadlineTime(clock),
      limits.maxTimeoutResponse * 1000,
      (exchange) => {
        // An answer that has begun may take its time; only its beginning is due.
        if (exchange.open) {
          exchange.fail({
            code: 'response_timeout',
            detail: `No answer began within ${limits.maxTimeoutResponse} s.`,
          });
        }
      },
    );
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Refuses new exchanges from now on. Resolves when none is in flight. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#slow.refuseWaiting(DRAINING);
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onQuiet = resolve;
    });
  }

  /** Tells whose a request is: a tunnel's, or the proxy's own. */
  arrival(request: IncomingMessage): Arrival {
    return arrivalOf(request, this.#options.arrival);
  }

  /** Handles a request that is for a tunnel, or for nobody. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): void {
    const address = this.#admit(request, response, arrival);
    if (address !== undefined) this.#forward(request, response, arrival, address);
  }

  /**
   * Handles a request for a WebSocket that is for a tunnel, on a connection that Node has handed
   * over with the bytes that it had read beyond the request. Nobody else closes that connection.
   */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, arrival: Arrival): void {
    const response = responseOn(request, socket);
    const address = this.#admit(request, response, arrival);
    if (address === undefined) return;
    this.#forwardUpgrade(request, response, socket, head, arrival, address);
  }

  /** Where the request goes; undefined if it was refused. */
  #admit(
    request: IncomingMessage,
    response: ServerResponse,
    { address }: Arrival,
  ): Address | undefined {
    const problem =
      checkHead(request, this.#options.limits, this.#pseudonym) ??
      (address === undefined ? NOT_FOUND : this.#refusal());
    if (problem === undefined) return address;
    answerProblem(response, problem);
    return undefined;
  }

  #refusal(): Problem | undefined {
    const { maxInFlight } = this.#options.limits;
    if (this.#draining) return DRAINING;
    if (this.#inFlight < maxInFlight) return undefined;
    return {
      code: 'busy',
      detail: `The limit is ${maxInFlight} exchanges in flight.`,
      retryAfter: 1,
    };
  }

  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    arrival: Arrival,
    address: Address,
  ): void {
    const { limits, router, clock } = this.#options;
    let onArrived: (() => void) | undefined;
    const offer = (): void => {
      if (!exchange.ended) router.route(address.code).offer(exchange);
    };
    const body = new CallerBody(request, this.#holder(address), this.#bodies, {
      onReady: () => {
        if (body.arrived) offer();
        else if (!exchange.ended) onArrived = this.#slow.upload(exchange, body, offer);
      },
      onArrived: () => {
        this.#patience.restart(patience);
        onArrived?.();
      },
      onTooLarge: () =>
        exchange.fail({
          code: 'body_too_large',
          detail: `The limit is ${limits.maxBody} bytes.`,
        }),
      onNoRoom: () => exchange.fail(NO_ROOM),
      onStalled: () =>
        exchange.fail({
          code: 'upload_stalled',
          detail: `No byte of the request body came for ${limits.bodyIdleTimeout} s.`,
        }),
      onTurn: (turn) => {
        if (turn === 'source') this.#patience.remove(patience);
        else this.#patience.restart(patience);
      },
    });
    const writeIdleMs = limits.writeIdleTimeout * 1000;
    const answer = new CallerResponse(response, clock, writeIdleMs, () =>
      this.#slow.reader(exchange),
    );
    const exchange = this.#exchange(request, arrival, address, body, answer);
    const patience = this.#patience.add(exchange);
    const end = this.#begin(exchange, patience);
    const closed = (): void => {
      end();
      answer.closed();
    };
    response.on('close', closed);
    // A response that waits behind another one on a connection that goes is never told so.
    if (response.socket === null) closeWithConnection(request.socket, response, closed);
    // Whatever fails on the caller's connection closes it, and that is what counts.
    response.on('error', ignore);
    watchChunks(request, response, limits, exchange);
    body.begin();
    // It may have been refused by now: too large, or nobody takes it.
    if (exchange.open) sayContinue(request);
  }

  #forwardUpgrade(
    request: IncomingMessage,
    response: ServerResponse,
    socket: Socket,
    head: Buffer,
    arrival: Arrival,
    address: Address,
  ): void {
    const { limits, router, clock, heldBytes } = this.#options;
    const writeIdleMs = limits.writeIdleTimeout * 1000;
    const ordinary = new CallerResponse(response, clock, writeIdleMs, () =>
      this.#slow.reader(exchange),
    );
    let onAnswered: (() => void) | undefined;
    const caller = new UpgradeCaller(ordinary, response, socket, () => onAnswered?.());
    const since = clock.monotonic();
    const body = new UpgradeBody(socket, this.#holder(address), heldBytes, {
      onNoRoom: () => exchange.fail(NO_ROOM),
      onInputEnd: () => {
        // Before the answer it means what it means for any request.
        const end = meaningOfEnd(exchange.open, clock.monotonic() - since);
        if (end === 'left') socket.destroy();
      },
      onEnd: () => exchange.callerEnded(),
      onUnread: () =>
        exchange.fail({ code: 'agent_lost', detail: 'The agent broke the connection off.' }),
    });
    const exchange = this.#exchange(request, arrival, address, body, caller);
    const closed = this.#begin(exchange, this.#patience.add(exchange));
    socket.on('close', (failed: boolean) => {
      // With both directions at their end, an agent may still be about to read what is held here.
      closed(!failed && caller.ended && body.arrived);
      ordinary.closed();
    });
    body.begin(head);
    if (exchange.ended) return;
    onAnswered = this.#slow.upgrade(exchange, () => {
      if (!exchange.ended) router.route(address.code).offer(exchange);
    });
  }

  /** In whose name the bytes of a body are held. */
  #holder({ code }: Address): string {
    return this.#options.router.served(code) ? code : UNSERVED;
  }

  #exchange(
    request: IncomingMessage,
    arrival: Arrival,
    address: Address,
    body: RequestBody,
    caller: Caller,
  ): Exchange {
    const { limits, clock } = this.#options;
    const authority = authorityOf(request.url ?? '');
    const raw =
      authority === undefined ? request.rawHeaders : withHost(request.rawHeaders, authority);
    return new Exchange({
      id: newId(),
      code: address.code,
      head: {
        method: request.method ?? 'GET',
        target: address.target,
        httpVersion: request.httpVersion,
        caller: arrival.caller,
        fields: fieldsForTarget(raw, {
          address: arrival.caller,
          intermediaries: arrival.intermediaries,
          protocol: arrival.protocol,
          host: arrival.host,
          httpVersion: request.httpVersion,
          pseudonym: this.#pseudonym,
          prefix: address.prefix,
        }),
      },
      body,
      caller,
      receivedAt: clock.wall(),
      patienceMs: limits.maxTimeoutResponse * 1000,
    });
  }

  /**
   * Counts the exchange, and ends its wait with it. Returns what is to be called when the caller's
   * connection is closed; `complete` says that both directions had come to their end before.
   */
  #begin(exchange: Exchange, patience: Deadline<Exchange>): (complete?: boolean) => void {
    this.#inFlight += 1;
    exchange.onEnd((end) => {
      if (end.kind === 'failed')
        this.#options.log.debug(failure(exchange, end.code), 'exchange failed');
      this.#patience.remove(patience);
      exchange.body.discard();
    });
    let open = true;
    return (complete = false) => {
      if (!open) return;
      open = false;
      if (!complete) exchange.left();
      // Counted until here: an answer that a slow caller has not read yet still takes memory.
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onQuiet?.();
    };
  }
}

const DRAINING: Problem = { code: 'draining', detail: 'Try again shortly.', retryAfter: 5 };

const NOT_FOUND: Problem = {
  code: 'not_found',
  detail:
    'This is a Caronte proxy. A tunnel is reached at /forward/<code>/<path>; the code is 1 to 63 letters, digits, "-" or "_".',
};

const NO_ROOM: Problem = {
  code: 'busy',
  detail: 'As much of requests is held as the proxy has room for.',
  retryAfter: 1,
};

/** For the log: never the query, which may hold what is secret. */
function failure({ id, code, head }: Exchange, problem: string): object {
  const [path = ''] = head.target.split('?');
  return { id, code, method: head.method, path, problem };
}

/** Calls back when the connection closes, unless the response has closed before. */
function closeWithConnection(socket: Socket, response: ServerResponse, closed: () => void): void {
  // One for each request of a pipeline, which may be long.
  socket.setMaxListeners(0);
  socket.once('close', closed);
  response.once('close', () => socket.off('close', closed));
}

function ignore(): void {}
