import type { Logger } from '../../../src/extension/base/logger.ts';
import { type ExchangeEvent, staleSignature } from '../../../src/agent/index.ts';
import { HistoryRecorder } from '../../../src/extension/history/recorder.ts';
import { HistoryStore, type HistoryLimits } from '../../../src/extension/history/store.ts';

export const ROOMY: HistoryLimits = { entries: 1000, bytes: 64 * 1024 * 1024 };

/** A log that keeps its warnings and errors. */
export function memoryLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const ignore = (): void => undefined;
  const keep = (message: string): void => {
    lines.push(message);
  };
  return { lines, trace: ignore, debug: ignore, info: ignore, warn: keep, error: keep };
}

export function makeHistory(
  folder: string,
  limits: HistoryLimits = ROOMY,
): { history: HistoryStore; record: (event: ExchangeEvent) => void; log: { lines: string[] } } {
  const log = memoryLog();
  const history = new HistoryStore({ folder, limits, log });
  const place = {
    publicUrl: 'https://proxy.example/forward/orders',
    service: 'http://localhost:3000',
  };
  const recorder = new HistoryRecorder(history, () => place, staleSignature);
  return { history, record: recorder.onExchange, log };
}

export function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

export interface Script {
  readonly number: number;
  readonly request?: Uint8Array;
  readonly response?: Uint8Array;
  readonly status?: number;
}

export function received(number: number): ExchangeEvent {
  const id = idOf(number);
  return {
    type: 'received',
    id,
    at: 1_000_000 + number,
    head: {
      id,
      method: 'POST',
      target: `/webhooks/${number}?x=1`,
      receivedAt: 999_990 + number,
      patienceMs: 30_000,
      attempt: 1,
      caller: '203.0.113.4',
      httpVersion: '1.1',
      body: { kind: 'none' },
      fields: ['Content-Type', 'application/json', 'X-Twice', '1', 'X-Twice', '2'],
    },
  };
}

/** A whole exchange, as the engine tells it. */
export function exchange(script: Script): ExchangeEvent[] {
  const id = idOf(script.number);
  const at = 1_000_000 + script.number;
  return [
    received(script.number),
    ...chunks(script.request).map((bytes) => ({ type: 'request-data', id, bytes }) as const),
    { type: 'attempt', id, at: at + 1, attempt: 1 },
    {
      type: 'response',
      id,
      at: at + 20,
      status: script.status ?? 200,
      reason: 'OK',
      fields: ['Content-Type', 'text/plain'],
    },
    ...chunks(script.response).map((bytes) => ({ type: 'response-data', id, bytes }) as const),
    { type: 'response-end', id, at: at + 30, trailers: [] },
    { type: 'ended', id, at: at + 34, outcome: { kind: 'replied' } },
  ];
}

/** In pieces, as a body arrives; views of one buffer that is overwritten afterwards. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384);
}

function chunks(bytes: Uint8Array | undefined): Uint8Array[] {
  return bytes === undefined ? [] : [...pieces(bytes)];
}

export function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 17) % 251);
}
