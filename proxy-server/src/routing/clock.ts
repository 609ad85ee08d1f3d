import type { DeadlineTime } from '../protocol/index.ts';

/** Time as the proxy sees it; tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970; may jump. For stamps that people and other machines read. */
  wall(): number;
  /** Milliseconds since some moment; never jumps. For durations. */
  monotonic(): number;
  /** Calls back after `ms` milliseconds of monotonic time. Does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
}

export interface Timer {
  /** Starts the same time over; cheap. */
  refresh(): unknown;
  cancel(): void;
}

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(ms: number, callback: () => void) {
    this.#timeout = setTimeout(callback, ms).unref();
  }

  refresh(): void {
    this.#timeout.refresh();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => new SystemTimer(ms, callback),
};

/** A clock as deadlines want it. */
export function deadlineTime(clock: Clock): DeadlineTime {
  return { now: () => clock.monotonic(), after: (ms, callback) => clock.after(ms, callback) };
}
