import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import {
  answerProblem,
  endWith,
  finishResponse,
  hasUnreadBody,
  resetSocket,
} from '../http/index.ts';
import {
  FIELD,
  fieldValue,
  forwardableFields,
  forwardableTrailers,
  type Problem,
  type ResponseHead,
} from '../protocol/index.ts';
import { type Caller, type Clock, failPoint } from '../routing/index.ts';
import { ReaderWatch } from './reader-watch.ts';

/** Statuses whose responses have no body (RFC 9110 sections 15.3.5 and 15.4.5). */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

/** Hears how a caller reads an answer in pieces. */
export interface ReaderPace {
  /** The next piece has to wait for it. */
  onBehind(): void;
  onCaughtUp(): void;
}

/** The caller's connection, behind Node's response object. */
export class CallerResponse implements Caller {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #writeIdleMs: number;
  readonly #paceOf: (() => ReaderPace) | undefined;
  /** Only answers that wait for their callers need it. */
  #pace: ReaderPace | undefined;
  #watch: ReaderWatch | undefined;
  /** Bytes of the announced body that have not been written yet. */
  #missing = 0;
  /** Nothing but the end of the connection says where the answer ends. */
  #endsWithConnection = false;

  /** A caller that takes nothing of its answer for `writeIdleMs` is broken off. */
  constructor(
    response: ServerResponse,
    clock: Clock,
    writeIdleMs: number,
    paceOf?: () => ReaderPace,
  ) {
    this.#paceOf = paceOf;
    this.#response = response;
    this.#clock = clock;
    this.#writeIdleMs = writeIdleMs;
    response.strictContentLength = true;
    // Node would, for one that sends `TE: chunked` (RFC 9112 section 6.1).
    if (response.req.httpVersion === '1.0') response.useChunkedEncodingByDefault = false;
  }

  inform(head: ResponseHead): void {
    const links: string[] = [];
    for (let at = 0; at < head.fields.length; at += 2) {
      if (head.fields[at]?.toLowerCase() === 'link') links.push(head.fields[at + 1] ?? '');
    }
    const { req, socket, headersSent } = this.#response;
    if (head.status !== 103 || req.httpVersion === '1.0' || links.length === 0 || headersSent) {
      return;
    }
    // They are advice, and a target may send them without end: none waits for a caller to read on.
    if (socket === null || socket.writableNeedDrain) return;
    try {
      this.#response.writeEarlyHints({ link: links });
    } catch {
      // Early hints are advice: a Link that Node does not accept is left out, the answer follows.
    }
  }

  respond(head: ResponseHead, body: Buffer): boolean {
    const fields = forwardableFields(head.fields, isFraming);
    const bodiless = isBodiless(head.status) || this.#response.req.method === 'HEAD';
    const announced = fieldValue(head.fields, 'content-length');
    if (!bodiless) fields.push('Content-Length', String(body.length));
    else if (announced !== undefined && head.status !== 204)
      fields.push('Content-Length', announced);
    if (!this.#writeHead(head, fields)) return false;
    if (hasUnreadBody(this.#response.req)) {
      if (bodiless) this.#response.flushHeaders();
      else this.#response.write(body);
      finishResponse(this.#response);
    } else if (bodiless) {
      this.#response.end();
    } else {
      endWith(this.#response, body);
    }
    this.#watchTheRest();
    return true;
  }

  start(head: ResponseHead): boolean {
    const bodiless = isBodiless(head.status) || this.#response.req.method === 'HEAD';
    const announced = fieldValue(head.fields, 'content-length');
    const inChunks =
      announced === undefined && !bodiless && this.#response.req.httpVersion !== '1.0';
    const fields = forwardableFields(head.fields, inChunks ? isFramingOfChunks : isFraming);
    if (announced !== undefined && head.status !== 204) fields.push('Content-Length', announced);
    if (!this.#writeHead(head, fields)) return false;
    if (!bodiless) this.#missing = Number(announced ?? 0);
    this.#endsWithConnection = !bodiless && announced === undefined && !inChunks;
    // The head leaves now: a stream's first event may be long in coming.
    this.#response.flushHeaders();
    return true;
  }

  write(piece: Buffer): boolean {
    this.#missing -= piece.length;
    try {
      const room = this.#response.write(piece);
      failPoint('mid_answer');
      return room;
    } catch {
      // More than Content-Length announced: the excess must not become the next answer's beginning.
      this.breakOff();
      return true;
    }
  }

  onDrain(callback: () => void): void {
    if (this.#response.destroyed || !this.#response.writableNeedDrain) return callback();
    const watch = this.#beginWatch();
    const pace = (this.#pace ??= this.#paceOf?.());
    pace?.onBehind();
    this.#response.once('drain', () => {
      watch.end();
      pace?.onCaughtUp();
      callback();
    });
  }

  /** The caller's connection is gone, or the answer with all it had. */
  closed(): void {
    this.#watch?.stop();
  }

  #beginWatch(): ReaderWatch {
    this.#watch ??= new ReaderWatch(this.#response, this.#clock, this.#writeIdleMs, () =>
      this.breakOff(),
    );
    this.#watch.begin();
    return this.#watch;
  }

  /** What the system did not take at once has the idle time to leave. */
  #watchTheRest(): void {
    if (this.#response.writableLength > 0 || this.#response.socket === null) this.#beginWatch();
  }

  end(trailers: readonly string[]): boolean {
    if (this.#response.destroyed) return false;
    try {
      const allowed = forwardableTrailers(trailers);
      if (allowed.length > 0 && this.#response.chunkedEncoding) {
        this.#response.addTrailers(pairs(allowed));
      }
      // Told now: the connection may have to stay open for the rest of an upload.
      if (this.#missing > 0) return false;
      finishResponse(this.#response);
      this.#watchTheRest();
      return true;
    } catch {
      return false;
    }
  }

  /** Where the answer has a framing a plain close tells, and leaves what was sent its way. */
  breakOff(): void {
    const { socket } = this.#response;
    if (this.#endsWithConnection && socket !== null) resetSocket(socket);
    this.#response.destroy();
  }

  accept(id: string): void {
    const document = Buffer.from(`${JSON.stringify({ id })}\n`);
    this.#response.writeHead(202, [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(document.length),
      FIELD.exchange,
      id,
    ]);
    this.#response.end(document);
  }

  fail(problem: Problem): void {
    answerProblem(this.#response, problem);
  }

  #writeHead(head: ResponseHead, fields: string[]): boolean {
    if (!isLength(fieldValue(fields, 'content-length'))) return false;
    // 101 would hand the raw connection over, and other 1xx are not final.
    if (head.status < 200) return false;
    if (isBodiless(head.status) && !areValid(fields)) return false;
    if (hasUnreadBody(this.#response.req)) fields.push('Connection', 'close');
    try {
      this.#response.writeHead(head.status, head.reason, fields);
      return true;
    } catch {
      return false;
    }
  }
}

/**
 * Whether Node takes these fields. It finds out by itself, but not before it has made up its mind that
 * a 204 or 304 has no body: the problem document that is sent in its stead would lose its own.
 */
function areValid(fields: readonly string[]): boolean {
  try {
    for (let at = 0; at < fields.length; at += 2) {
      validateHeaderName(fields[at] ?? '');
      validateHeaderValue(fields[at] ?? '', fields[at + 1] ?? '');
    }
    return true;
  } catch {
    return false;
  }
}

/** RFC 9110 section 8.6: digits alone. Node reads `5e0` as 5 and would send it as it stands. */
function isLength(value: string | undefined): boolean {
  return value === undefined || /^\d{1,15}$/.test(value);
}

/** Framing belongs to the caller's connection; Content-Length is decided by what is really sent. */
export function isFraming(lowerName: string): boolean {
  return lowerName === 'trailer' || isFramingOfChunks(lowerName);
}

/** Only a body in chunks can be followed by the trailers that Trailer announces. */
function isFramingOfChunks(lowerName: string): boolean {
  return lowerName === 'content-length' || lowerName.startsWith('caronte-');
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let at = 0; at < flat.length; at += 2) list.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return list;
}
