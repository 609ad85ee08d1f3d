import type { ExchangeEvent, ExchangeOutcome } from '../../../src/agent/index.ts';

export const ID = '0123456789abcdef0123456789abcdef';

/** 2026-11-22T20:15:30.000Z, when the exchanges of these tests arrive. */
export const ARRIVAL = Date.UTC(2026, 10, 22, 20, 15, 30);

/** The events of one exchange, from its arrival to its end. */
export function exchange(of: {
  readonly id?: string;
  readonly method?: string;
  readonly target?: string;
  readonly status?: number;
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly outcome?: ExchangeOutcome;
  /** The queue's name for it, and the number of the delivery. */
  readonly queued?: string;
  readonly delivery?: number;
}): ExchangeEvent[] {
  const { id = ID, method = 'POST', target = '/hooks', attempts = 1, durationMs = 34 } = of;
  const end = ARRIVAL + durationMs;
  const events: ExchangeEvent[] = [
    {
      type: 'received',
      id,
      at: ARRIVAL,
      head: {
        id,
        method,
        target,
        receivedAt: ARRIVAL,
        patienceMs: 120_000,
        attempt: of.delivery ?? 1,
        ...(of.queued !== undefined && { queued: of.queued }),
        caller: '192.0.2.1',
        httpVersion: '1.1',
        body: { kind: 'inline' },
        fields: [],
      },
    },
    { type: 'request-data', id, bytes: new Uint8Array(3) },
  ];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    events.push({ type: 'attempt', id, at: ARRIVAL, attempt });
  }
  if (of.status !== undefined) {
    events.push(
      { type: 'response', id, at: end, status: of.status, reason: 'Any', fields: [] },
      { type: 'response-data', id, bytes: new Uint8Array(3) },
      { type: 'response-end', id, at: end, trailers: [] },
    );
  }
  events.push({ type: 'ended', id, at: end, outcome: of.outcome ?? { kind: 'replied' } });
  return events;
}
