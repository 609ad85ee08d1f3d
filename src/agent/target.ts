import { type ExchangeHead, fieldValue, forwardableFields } from 'caronte-proxy/protocol';
import type { Dispatcher, Pool } from 'undici';
import { dispatchByNode } from './node-request.ts';
import type { TargetOptions } from './options.ts';
import { targetAddress } from './target-address.ts';
import type { TargetBody } from './target-body.ts';
import { type ConnectTarget, targetConnector, targetPool } from './target-pool.ts';

/** Largest head of a response, in bytes; what the proxy takes is larger. */
const MAX_HEAD = 128 * 1024;

/**
 * An idle connection is closed after this, in milliseconds, unless the target says how long it keeps
 * one. Whoever closes later than its target loses a request now and then that was on its way, and
 * must not repeat it; common servers wait for 2 s (Gunicorn) or more, and a new connection costs little.
 */
const KEPT_MS = 1_000;

/** A connection must be there within this, in milliseconds. */
const CONNECT_MS = 10_000;

/** The local service. Its address is fixed: nothing in a request can change where it goes. */
export class Target {
  readonly url: string;
  readonly #origin: URL;
  readonly #connect: ConnectTarget;
  readonly #pool: Pool;
  /** Connections to be upgraded: their target may close its direction first, and go on reading. */
  readonly #upgrades: Pool;
  readonly #timeoutMs: number;
  readonly #hostHeader: string;

  /** `timeoutMs` is the time that the target has to begin its answer. */
  constructor(options: TargetOptions, timeoutMs: number) {
    this.url = options.target;
    this.#origin = targetAddress(options.target).origin;
    this.#timeoutMs = timeoutMs;
    this.#hostHeader = options.hostHeader ?? 'target';
    const connectMs = Math.min(timeoutMs, CONNECT_MS);
    this.#connect = targetConnector(options, { connectMs });
    const settings = {
      pipelining: 1,
      maxHeaderSize: MAX_HEAD,
      headersTimeout: timeoutMs,
      keepAliveTimeout: KEPT_MS,
      // Server-sent events may be silent for as long as they like.
      bodyTimeout: 0,
    };
    this.#pool = targetPool(options, this.#connect, settings);
    const upgradable = targetConnector(options, { connectMs, allowHalfOpen: true });
    this.#upgrades = targetPool(options, upgradable, settings);
  }

  /** Makes one attempt; `handler` hears how it goes. */
  send(head: ExchangeHead, body: TargetBody, handler: Dispatcher.DispatchHandler): void {
    const { method, target: path } = head;
    if (path === '*' || announcesTrailers(head)) return this.#sendByNode(head, body, handler);
    const fields = forwardableFields(head.fields, isNeverPassedOn);
    if (head.body.kind === 'stream' && head.body.length !== undefined) {
      fields.push('Content-Length', String(head.body.length));
    }
    const host = this.hostFor(head);
    if (host !== undefined) fields.push('Host', host);
    // undici would open a connection for each other Host; which certificate counts is settled.
    const request: Dispatcher.DispatchOptions & { servername: string } = {
      method,
      path,
      headers: fields,
      body: body === null || Buffer.isBuffer(body) ? body : body.pieces,
      servername: this.#origin.hostname,
    };
    if (head.body.kind !== 'upgrade') this.#pool.dispatch(request, handler);
    else this.#upgrades.dispatch({ ...request, upgrade: 'websocket' }, handler);
  }

  /** What undici cannot send. */
  #sendByNode(head: ExchangeHead, body: TargetBody, handler: Dispatcher.DispatchHandler): void {
    const own = announcesTrailers(head) ? isConnectionsOwn : isNeverPassedOn;
    const fields = forwardableFields(head.fields, own);
    fields.unshift('Host', this.hostFor(head) ?? this.#origin.host);
    if (Buffer.isBuffer(body)) fields.push('Content-Length', String(body.length));
    else if (body !== null) fields.push('Transfer-Encoding', 'chunked');
    const target = { connect: this.#connect, maxHead: MAX_HEAD, answerMs: this.#timeoutMs };
    dispatchByNode(target, { method: head.method, path: head.target, fields, body }, handler);
  }

  /** The Host that the target gets; undefined for its own. */
  hostFor(head: ExchangeHead): string | undefined {
    if (this.#hostHeader === 'target') return undefined;
    return this.#hostHeader === 'preserve' ? fieldValue(head.fields, 'host') : this.#hostHeader;
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#upgrades.destroy()]);
  }
}

/** Only a body in chunks has trailers; those that were not announced need not travel on. */
function announcesTrailers({ body, fields }: ExchangeHead): boolean {
  return (
    body.kind === 'stream' &&
    body.length === undefined &&
    fieldValue(fields, 'trailer') !== undefined
  );
}

/** The target gets the Host that was settled, and a length of what is really sent. */
function isConnectionsOwn(lowerName: string): boolean {
  return lowerName === 'host' || lowerName === 'content-length';
}

/** Nothing that undici sends is followed by trailers. */
function isNeverPassedOn(lowerName: string): boolean {
  return isConnectionsOwn(lowerName) || lowerName === 'trailer';
}
