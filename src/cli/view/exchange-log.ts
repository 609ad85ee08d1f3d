import { type Identified, IdTable } from 'caronte-proxy/protocol';
import type { ExchangeEvent, ExchangeOutcome } from '../../agent/index.ts';
import { pathOf } from './path.ts';

/** An exchange that has ended, as far as a line shows it. */
export interface EndedExchange {
  readonly id: string;
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** Without its query, which may hold credentials. Latin-1, as the caller sent it. */
  readonly path: string;
  readonly hasQuery: boolean;
  /** The target's, if it answered. */
  readonly status: number | undefined;
  /** The queue's name for it, if it comes from there, and the number of the delivery. */
  readonly queued: string | undefined;
  readonly delivery: number;
  /** Attempts to reach the target in this delivery. */
  readonly attempts: number;
  /** From the arrival at the agent to the end, in milliseconds. */
  readonly durationMs: number;
  readonly outcome: ExchangeOutcome;
}

interface OpenExchange extends Identified<OpenExchange> {
  readonly since: number;
  readonly method: string;
  readonly target: string;
  readonly queued: string | undefined;
  readonly delivery: number;
  attempts: number;
  status: number | undefined;
}

/** Puts together what the events of each exchange tell. */
export class ExchangeLog {
  /** A Map would leave outgrown tables behind, at this rate: docs/decisions/0004. */
  readonly #open = new IdTable<OpenExchange>();

  /** Takes the next event; returns the exchange if this was its last one. */
  take(event: ExchangeEvent): EndedExchange | undefined {
    if (event.type === 'received') {
      const { method, target, queued, attempt: delivery } = event.head;
      this.#open.add({
        id: event.id,
        nextInTable: undefined,
        since: event.at,
        method,
        target,
        queued,
        delivery,
        attempts: 0,
        status: undefined,
      });
      return undefined;
    }
    const open = this.#open.find(event.id);
    if (open === undefined) return undefined;
    if (event.type === 'attempt') open.attempts = event.attempt;
    else if (event.type === 'response') open.status = event.status;
    else if (event.type === 'ended') {
      this.#open.remove(open);
      return summary(open, event.at, event.outcome);
    }
    return undefined;
  }
}

function summary(
  { id, since, method, target, queued, delivery, attempts, status }: OpenExchange,
  at: number,
  outcome: ExchangeOutcome,
): EndedExchange {
  return {
    id,
    at,
    method,
    ...pathOf(target),
    status,
    queued,
    delivery,
    attempts,
    // A clock that was set back in between must not show as a negative time.
    durationMs: Math.max(0, Math.round(at - since)),
    outcome,
  };
}
