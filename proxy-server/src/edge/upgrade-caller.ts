import {
  type IncomingMessage,
  ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { Socket } from 'node:net';
import { closeGently, resetSocket } from '../http/index.ts';
import { forwardableFields, type Problem, type ResponseHead } from '../protocol/index.ts';
import type { Caller } from '../routing/index.ts';
import { type CallerResponse, isFraming } from './caller-response.ts';

/** An idle connection is asked for a sign of life after so long: nothing else would notice its loss. */
const KEEP_ALIVE_MS = 60_000;

/** A response on a connection that Node has handed over. The connection closes after it. */
export function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  // What Node's server does for connections of its own.
  socket.on('drain', () => response.emit('drain'));
  response.on('finish', () => {
    closeGently(socket);
    // What was sent ahead of a 101 that did not come would turn the close into a reset.
    socket.resume();
  });
  return response;
}

/**
 * A caller that asked for a WebSocket. It gets 101 and then bytes as they come, or an ordinary
 * answer of the target's or the proxy's.
 */
export class UpgradeCaller implements Caller {
  readonly #ordinary: CallerResponse;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #onAnswered: () => void;
  #upgraded = false;
  #ended = false;

  /** `ordinary` gives whatever is not a 101; `onAnswered` hears of any. */
  constructor(
    ordinary: CallerResponse,
    response: ServerResponse,
    socket: Socket,
    onAnswered: () => void,
  ) {
    this.#onAnswered = onAnswered;
    this.#ordinary = ordinary;
    this.#response = response;
    this.#socket = socket;
  }

  /** Whether the target's direction was closed after a 101. */
  get ended(): boolean {
    return this.#ended;
  }

  inform(head: ResponseHead): void {
    this.#ordinary.inform(head);
  }

  respond(head: ResponseHead, body: Buffer): boolean {
    return this.#ordinary.respond(head, body);
  }

  start(head: ResponseHead): boolean {
    this.#onAnswered();
    if (head.status !== 101) return this.#ordinary.start(head);
    const response = this.#response;
    // RFC 9110 section 7.8: both fields belong to this connection.
    const fields = ['Upgrade', 'websocket', 'Connection', 'Upgrade'];
    fields.push(...forwardableFields(head.fields, isFraming));
    const text = headText(head.reason, fields);
    if (text === undefined) return false;
    this.#socket.write(text, 'latin1');
    response.detachSocket(this.#socket);
    this.#upgraded = true;
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return true;
  }

  write(piece: Buffer): boolean {
    return this.#upgraded ? this.#socket.write(piece) : this.#ordinary.write(piece);
  }

  onDrain(callback: () => void): void {
    if (!this.#upgraded) this.#ordinary.onDrain(callback);
    else if (this.#socket.destroyed || !this.#socket.writableNeedDrain) callback();
    else this.#socket.once('drain', callback);
  }

  end(trailers: readonly string[]): boolean {
    if (!this.#upgraded) return this.#ordinary.end(trailers);
    if (this.#socket.destroyed) return false;
    this.#ended = true;
    this.#socket.end();
    return true;
  }

  breakOff(): void {
    if (this.#upgraded) resetSocket(this.#socket);
    else this.#ordinary.breakOff();
  }

  accept(id: string): void {
    this.#ordinary.accept(id);
  }

  fail(problem: Problem): void {
    this.#ordinary.fail(problem);
  }
}

/**
 * The head of a 101; undefined if anything in it is not valid. Not left to the response object: one
 * that has refused this head can carry no problem document any more.
 */
function headText(reason: string, fields: readonly string[]): string | undefined {
  let text = `HTTP/1.1 101 ${reason}\r\n`;
  try {
    validateHeaderValue('reason', reason);
    for (let at = 0; at < fields.length; at += 2) {
      const [name = '', value = ''] = fields.slice(at, at + 2);
      validateHeaderName(name);
      validateHeaderValue(name, value);
      text += `${name}: ${value}\r\n`;
    }
  } catch {
    return undefined;
  }
  return `${text}\r\n`;
}
