import type { Problem, ProblemCode, ResponseHead } from '../protocol/index.ts';
import type { Caller, Exchange } from '../routing/index.ts';

/** Failures that say that nobody could take the request now: a tunnel that queues keeps it instead. */
const OFFLINE: ReadonlySet<ProblemCode> = new Set([
  'no_agent',
  'agent_lost',
  'target_unreachable',
  'too_many_waiting',
  'too_many_in_flight',
  'draining',
]);

/**
 * Stands between an exchange and the tunnel that it is offered to, where a request that nobody can
 * take is not to fail. All else passes through.
 */
export class LiveCaller implements Caller {
  readonly #exchange: Exchange;
  readonly #onOffline: (problem: Problem) => void;

  /** `onOffline` is called at most once, and sees to it from then on that the exchange ends. */
  constructor(exchange: Exchange, onOffline: (problem: Problem) => void) {
    this.#exchange = exchange;
    this.#onOffline = onOffline;
  }

  inform(head: ResponseHead): void {
    this.#exchange.inform(head);
  }

  respond(head: ResponseHead, body: Buffer): boolean {
    // Refused heads have ended the exchange with a problem of their own.
    return this.#exchange.respond(head, body) || this.#exchange.ended;
  }

  start(head: ResponseHead): boolean {
    return this.#exchange.start(head) || this.#exchange.ended;
  }

  write(piece: Buffer): boolean {
    return this.#exchange.write(piece);
  }

  onDrain(callback: () => void): void {
    this.#exchange.onDrain(callback);
  }

  end(trailers: readonly string[]): boolean {
    return this.#exchange.finishAnswer(trailers);
  }

  breakOff(): void {
    this.#exchange.fail({ code: 'target_broke_off', detail: 'The answer broke off.' });
  }

  accept(): void {
    this.#exchange.accept();
  }

  fail(problem: Problem): void {
    if (OFFLINE.has(problem.code) && this.#exchange.open) this.#onOffline(problem);
    else this.#exchange.fail(problem);
  }
}
