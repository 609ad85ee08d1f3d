import type { ServerResponse } from 'node:http';
import { endWith } from '../http/index.ts';
import { RECORDS_TYPE, VERSION_BYTE } from '../protocol/index.ts';
import type { Clock, Timer } from '../routing/index.ts';

const VERSION = Buffer.from([VERSION_BYTE]);

/** A part of an answer: Latin-1 text, or bytes. */
export type Part = string | Buffer;

/** Polls so far, of all agents. */
let polls = 0;

/** An agent's poll that waits for work. It is answered once. */
export class Poll {
  /** How many exchanges the answer may bring. */
  readonly capacity: number;
  /** Grows from poll to poll, so that the lowest has been open for longest. */
  readonly number = ++polls;
  readonly #response: ServerResponse;
  readonly #timer: Timer;

  constructor(
    response: ServerResponse,
    options: { readonly capacity: number; readonly waitMs: number; readonly clock: Clock },
    onTimeout: () => void,
  ) {
    this.#response = response;
    this.capacity = options.capacity;
    this.#timer = options.clock.after(options.waitMs, onTimeout);
  }

  /** Answers with records. `onLost` is called if the connection breaks before all was written. */
  answer(parts: readonly Part[], onLost: () => void): void {
    this.#timer.cancel();
    const body = join(parts);
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) onLost();
    });
    this.#response.writeHead(200, [
      'Content-Type',
      RECORDS_TYPE,
      'Content-Length',
      String(body.length),
      'Cache-Control',
      'no-store',
    ]);
    endWith(this.#response, body);
  }

  /** Ends without work. */
  answerEmpty(): void {
    this.#timer.cancel();
    this.#response.writeHead(204, ['Cache-Control', 'no-store']);
    this.#response.end();
  }

  /** The connection is gone. */
  forget(): void {
    this.#timer.cancel();
  }
}

function join(parts: readonly Part[]): Buffer {
  let size = VERSION.length;
  for (const part of parts) size += part.length;
  const whole = Buffer.allocUnsafe(size);
  whole[0] = VERSION_BYTE;
  let at = VERSION.length;
  for (const part of parts) {
    if (typeof part === 'string') at += whole.write(part, at, 'latin1');
    else at += part.copy(whole, at);
  }
  return whole;
}
