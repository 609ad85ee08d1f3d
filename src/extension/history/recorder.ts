import type {
  AgentObserver,
  ExchangeEvent,
  ExchangeOutcome,
  SignatureTolerance,
} from '../../agent/index.ts';
import type { Attempt, Details, Outcome } from './entry.ts';
import type { HistoryStore, OpenExchange } from './store.ts';

/** What the recorder must know of the tunnel, asked for when an exchange arrives. */
export interface TunnelPlace {
  /** The first public address of the tunnel, undefined while it is not known. */
  readonly publicUrl: string | undefined;
  /** The origin of the local service. */
  readonly service: string;
}

/** The tolerance of a sender's signature that a request has outlived at `now`; undefined if none. */
export type StaleSignature = (
  request: { readonly fields: readonly string[]; readonly receivedAt: number },
  now: number,
) => SignatureTolerance | undefined;

/** Tries of one exchange whose times are kept; further ones only count as one more failure. */
const MAX_ATTEMPTS = 50;

/** Turns the engine's events into the history's exchanges. */
export class HistoryRecorder {
  readonly #history: HistoryStore;
  readonly #place: () => TunnelPlace;
  readonly #stale: StaleSignature;
  readonly #open = new Map<string, OpenExchange>();

  constructor(history: HistoryStore, place: () => TunnelPlace, stale: StaleSignature) {
    this.#history = history;
    this.#place = place;
    this.#stale = stale;
  }

  readonly onExchange: NonNullable<AgentObserver['onExchange']> = (event) => {
    if (event.type === 'received') {
      this.#begin(event);
      return;
    }
    const open = this.#open.get(event.id);
    if (open !== undefined) this.#step(open, event);
  };

  #begin(event: ExchangeEvent & { type: 'received' }): void {
    const { head, id, at } = event;
    const { publicUrl, service } = this.#place();
    const details: Details = {
      url: publicUrl === undefined ? head.target : publicUrl.replace(/\/$/, '') + head.target,
      service,
      caller: head.caller,
      httpVersion: head.httpVersion,
      requestFields: head.fields,
      timing: {
        proxyReceivedAt: head.receivedAt,
        patienceMs: head.patienceMs,
        receivedAt: at,
        attempts: [],
      },
      ...this.#queued(event),
    };
    const entry = {
      key: head.attempt > 1 ? `${id}-${head.attempt}` : id,
      at,
      method: head.method,
      target: head.target,
      outcome: { kind: 'open' },
      requestBytes: 0,
      responseBytes: 0,
      ...(head.queued === undefined ? {} : { delivery: head.attempt }),
    } as const;
    this.#open.set(id, this.#history.begin(entry, details));
  }

  #queued({ head, at }: ExchangeEvent & { type: 'received' }): Pick<Details, 'queued'> {
    if (head.queued === undefined) return {};
    const stale = this.#stale(head, at);
    return {
      queued: {
        id: head.queued,
        attempt: head.attempt,
        ...(stale === undefined ? {} : { stale }),
      },
    };
  }

  #step(open: OpenExchange, event: Exclude<ExchangeEvent, { type: 'received' }>): void {
    switch (event.type) {
      case 'request-data':
        open.request.push(event.bytes);
        return;
      case 'response-data':
        open.response.push(event.bytes);
        return;
      case 'attempt':
        addAttempt(open, { at: event.at });
        return;
      case 'attempt-failed':
        failAttempt(open, { failedAt: event.at, detail: event.detail });
        break;
      case 'response': {
        const { status, reason, fields } = event;
        open.details = { ...open.details, response: { status, reason, fields, trailers: [] } };
        setTiming(open, { responseAt: event.at });
        open.entry = { ...open.entry, status };
        break;
      }
      case 'response-end': {
        const { response } = open.details;
        if (response !== undefined) {
          open.details = { ...open.details, response: { ...response, trailers: event.trailers } };
        }
        setTiming(open, { responseEndAt: event.at });
        return;
      }
      case 'ended':
        setTiming(open, { endedAt: event.at });
        open.entry = {
          ...open.entry,
          outcome: outcomeOf(event.outcome),
          durationMs: Math.max(0, event.at - open.entry.at),
          // What passed through an upgraded connection is counted, and not kept.
          requestBytes: event.passed?.toTarget ?? open.request.size,
          responseBytes: event.passed?.toCaller ?? open.response.size,
        };
        this.#open.delete(event.id);
        this.#history.end(open);
        return;
    }
    this.#history.update(open);
  }
}

/** Leaves out what a later engine may add, so that the history's form stays its own. */
function outcomeOf(outcome: ExchangeOutcome): Outcome {
  switch (outcome.kind) {
    case 'replied':
    case 'kept':
    case 'copied':
      return { kind: outcome.kind };
    case 'failed':
      return { kind: 'failed', code: outcome.code, detail: outcome.detail };
    case 'cancelled':
      return { kind: 'cancelled', reason: outcome.reason };
    case 'undelivered':
      return { kind: 'undelivered', detail: outcome.detail };
  }
}

function setTiming(open: OpenExchange, change: Partial<Details['timing']>): void {
  open.details = { ...open.details, timing: { ...open.details.timing, ...change } };
}

function addAttempt(open: OpenExchange, attempt: Attempt): void {
  const { attempts } = open.details.timing;
  if (attempts.length < MAX_ATTEMPTS) setTiming(open, { attempts: [...attempts, attempt] });
}

function failAttempt(open: OpenExchange, failure: { failedAt: number; detail: string }): void {
  const { attempts } = open.details.timing;
  const last = attempts.at(-1);
  if (last !== undefined) {
    setTiming(open, { attempts: [...attempts.slice(0, -1), { ...last, ...failure }] });
  }
}
