/** Time and chance as the agent sees them; tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970. May jump, which is how a sleep is noticed. */
  wall(): number;
  /** Milliseconds since some moment; never jumps. For durations. */
  monotonic(): number;
  /** Calls back after `ms` milliseconds. Returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
  /** A number from 0 up to, not including, 1. */
  random(): number;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timeout = setTimeout(callback, ms);
    return () => clearTimeout(timeout);
  },
  random: () => Math.random(),
};
