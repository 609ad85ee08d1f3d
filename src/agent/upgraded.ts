import { FAILURE, fieldValue, type ResponseHead } from 'caronte-proxy/protocol';
import { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from './clock.ts';
import type { ExchangeOutcome, PassedBytes } from './events.ts';
import type { ProxyClient } from './proxy-client.ts';
import { readResults } from './reply-results.ts';
import { ReplyStream } from './reply-stream.ts';
import { BodyBrokenError, fetchBody } from './request-body.ts';
import { targetFailure } from './target-error.ts';

export interface UpgradedParts {
  /** The target's connection, with nothing read from it behind the head of its 101. */
  readonly socket: Socket;
  /** The 101. */
  readonly head: ResponseHead;
  readonly clock: Clock;
  readonly client: Pick<ProxyClient, 'openBody' | 'streamReply'>;
  /** For people: which target. */
  readonly target: string;
  /** Called once; the connection is closed, or on its way there. */
  readonly onOver: (outcome: ExchangeOutcome) => void;
}

/**
 * A connection that a target has upgraded: two streams of bytes, each with its own pace and its own
 * end. Where one breaks, the other is broken too, and nobody can take that for an end.
 */
export class Upgraded {
  /** Bytes that have passed so far. */
  toTarget = 0;
  toCaller = 0;
  readonly #parts: UpgradedParts;
  readonly #reply: ReplyStream;
  /** The caller's bytes, while they are fetched. */
  #body: Readable | undefined;
  #replied = false;
  #callerEnded = false;
  /** The target's connection broke, while the proxy is being told. */
  #broken: ExchangeOutcome | undefined;
  #over = false;

  constructor(parts: UpgradedParts) {
    this.#parts = parts;
    this.#reply = new ReplyStream(parts.head, parts.clock, () => parts.socket.resume());
  }

  begin(): void {
    const { socket } = this.#parts;
    let ended = false;
    let cause: unknown = new Error('closed in the middle');
    socket.on('data', (chunk: Buffer) => {
      this.toCaller += chunk.length;
      if (!this.#reply.write(chunk)) socket.pause();
    });
    socket.on('end', () => {
      ended = true;
      this.#reply.end([]);
    });
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('close', (failed: boolean) => {
      if (failed || !ended) this.#targetBroke(cause, ended);
    });
    void this.#sendReply();
    void this.#fetch();
  }

  /** The exchange is over, with this outcome. */
  end(outcome: ExchangeOutcome): PassedBytes {
    // Bytes that were handed on may still be on their way to a target that got its end properly.
    if (outcome.kind !== 'replied') this.destroy();
    return { toTarget: this.toTarget, toCaller: this.toCaller };
  }

  /** Breaks everything off. */
  destroy(): void {
    this.#over = true;
    resetSocket(this.#parts.socket);
    this.#reply.destroy();
    this.#body?.destroy();
  }

  async #sendReply(): Promise<void> {
    const { client, head } = this.#parts;
    try {
      const delivered = readResults(await client.streamReply(this.#reply.body));
      if (!delivered.has(head.id)) return this.#undelivered('the caller is gone');
      if (this.#broken !== undefined) return this.#finish(this.#broken);
      this.#replied = true;
      this.#endIfDone();
    } catch (error) {
      this.#undelivered(error);
    }
  }

  async #fetch(): Promise<void> {
    const { client, head, socket } = this.#parts;
    const open = async (): Promise<Readable> => {
      const body = await client.openBody(head.id);
      if (this.#over) body.destroy();
      this.#body = body;
      return body;
    };
    const count = (piece: Buffer): void => {
      this.toTarget += piece.length;
    };
    try {
      for await (const piece of fetchBody(open, count, () => undefined)) {
        if (!socket.write(piece)) await room(socket);
      }
      socket.once('finish', () => {
        this.#callerEnded = true;
        this.#endIfDone();
      });
      socket.end();
    } catch (error) {
      if (!(error instanceof BodyBrokenError)) return this.#undelivered(error);
      this.#finish({ kind: 'cancelled', reason: 'caller_gone' });
    }
  }

  #endIfDone(): void {
    if (!this.#replied || !this.#callerEnded || this.#over) return;
    this.#over = true;
    this.#parts.onOver({ kind: 'replied' });
  }

  /** `ended` says that the target had closed its own direction before, and the caller was told. */
  #targetBroke(cause: unknown, ended: boolean): void {
    if (this.#over) return;
    const detail = `${this.#parts.target}: ${targetFailure(cause).cause}`;
    this.#broken = { kind: 'failed', code: FAILURE.brokeOff, detail };
    if (ended) this.#finish(this.#broken);
    else this.#reply.abort(detail);
  }

  #undelivered(why: unknown): void {
    const detail = why instanceof Error ? why.message : String(why);
    this.#finish({ kind: 'undelivered', detail });
  }

  #finish(outcome: ExchangeOutcome): void {
    if (this.#over) return;
    this.destroy();
    this.#parts.onOver(this.#broken ?? outcome);
  }
}

/** Whether a target has switched to a WebSocket, as its 101 says. */
export function isWebSocket(fields: readonly string[], connection: Duplex): connection is Socket {
  // undici says Duplex; what it connects is a socket.
  const protocol = fieldValue(fields, 'upgrade')?.trim().toLowerCase();
  return protocol === 'websocket' && connection instanceof Socket;
}

/** Resolves when the connection takes more, or nothing any more. */
function room(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
    if (socket.destroyed) done();
  });
}

/** So that the target cannot take it for an end; only TCP itself has resets. */
function resetSocket(socket: Socket): void {
  if (socket instanceof TLSSocket || socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
