import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../routing/index.ts';

/**
 * Has a caller broken off that takes nothing of its answer for the idle time. Watches only while bytes
 * wait for the caller, so that most exchanges never need a timer.
 */
export class ReaderWatch {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #breakOff: () => void;
  #timer: Timer | undefined;
  #waits = false;

  constructor(response: ServerResponse, clock: Clock, idleMs: number, breakOff: () => void) {
    this.#response = response;
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#breakOff = breakOff;
  }

  /** Bytes wait for the caller from now on. */
  begin(): void {
    this.#waits = true;
    if (this.#timer === undefined) {
      this.#timer = this.#clock.after(this.#idleMs, () => this.#onIdle());
    } else {
      this.#timer.refresh();
    }
  }

  /** The caller took them. */
  end(): void {
    this.#waits = false;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #onIdle(): void {
    if (!this.#waits) {
      this.#timer = undefined;
    } else if (this.#response.socket === null) {
      // It waits behind another answer on the same connection: the delay is not the caller's.
      this.#timer?.refresh();
    } else {
      this.#breakOff();
    }
  }
}
