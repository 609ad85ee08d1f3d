import type { QueuedRequest, QueueEntry } from 'caronte-proxy/protocol';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** 2026-11-22T20:15:30.000Z. */
export const NOW = Date.UTC(2026, 10, 22, 20, 15, 30);

/** A request that has been waiting for a minute. */
export function queued(id: string, more: Partial<QueuedRequest> = {}): QueuedRequest {
  return {
    id: id.padEnd(32, '0'),
    state: 'waiting',
    method: 'POST',
    target: '/hooks',
    receivedAt: NOW - 60_000,
    size: 1832,
    attempts: 0,
    httpVersion: '1.1',
    caller: '203.0.113.7',
    fields: ['Content-Type', 'application/json'],
    ...more,
  };
}

/** The queue's requests as a proxy serves them, from what a test puts in. */
export class QueueServer {
  requests: QueuedRequest[] = [];
  paused = false;
  body = 'any data';
  /** A problem that every request meets. */
  problem: { readonly status: number; readonly code: string } | undefined;
  /** Requests of one page at most, whatever is asked for. */
  pageLimit = 200;
  /** What was asked, with what was sent. */
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const sent = method === 'POST' && 'content-type' in request.headers ? await json(request) : '';
    this.asked.push(`${method} ${url} ${sent === '' ? '' : JSON.stringify(sent)}`.trim());
    const { pathname, searchParams } = new URL(url, 'http://proxy');
    const [, , , code, step, part] = pathname.split('/');
    if (this.problem !== undefined) return refuse(response, this.problem.status, this.problem.code);
    if (code !== 'orders') return refuse(response, 404, 'not_found');
    if (method === 'POST') return this.#change(step ?? '', sent, response);
    if (step === undefined) return this.#page(searchParams, response);
    const found = this.requests.find(({ id }) => id === step);
    if (found === undefined) return refuse(response, 404, 'entry_unknown');
    response.end(part === 'body' ? this.body : JSON.stringify(found));
  }

  #change(step: string, sent: unknown, response: ServerResponse): void {
    if (step === 'pause' || step === 'resume') {
      this.paused = step === 'pause';
      return void response.end(JSON.stringify({ queue: this.#state() }));
    }
    const { ids, all } = sent as { ids?: string[]; all?: string };
    const isMeant = ({ id, state }: QueueEntry): boolean =>
      ids?.includes(id) ?? (state === 'dead') === (all === 'dead');
    response.end(JSON.stringify({ count: this.requests.filter(isMeant).length }));
  }

  #page(query: URLSearchParams, response: ServerResponse): void {
    const isDead = query.get('state') === 'dead';
    const list = this.requests.filter(({ state }) => (state === 'dead') === isDead);
    const after = Number(query.get('after') ?? 0);
    const end = after + Math.min(Number(query.get('limit')), this.pageLimit);
    const entries = list
      .slice(after, end)
      .map(({ fields: _fields, caller: _caller, httpVersion: _version, ...entry }) => entry);
    const next = end < list.length ? end : null;
    response.end(JSON.stringify({ queue: this.#state(), entries, next }));
  }

  #state(): object {
    const waiting = this.requests.filter(({ state }) => state !== 'dead');
    return {
      waiting: waiting.length,
      dead: this.requests.length - waiting.length,
      oldestAt: waiting[0]?.receivedAt,
      paused: this.paused,
    };
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.statusCode = status;
  response.end(JSON.stringify({ code, detail: `detail of ${code}` }));
}
