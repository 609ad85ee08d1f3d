/**
 * How long polls may wait, as far as what is between agent and proxy lets them: intermediaries
 * break connections off on which nothing has been sent for a while. Replaced whole at each change.
 */
export interface PollWait {
  /** Whole seconds that the next poll may wait. */
  readonly seconds: number;
  /** Age of a poll that died at this wait, in milliseconds. One death alone has other reasons. */
  readonly died: number | undefined;
}

/** A poll that dies younger than this does not die of idleness, in milliseconds. */
const IDLE_MS = 1_000;

/** The wait that was agreed with the proxy, at the start of a connection. */
export function agreedWait(seconds: number): PollWait {
  return { seconds, died: undefined };
}

/**
 * Whether a poll that was to wait for `seconds` and broke off at this age may have been taken for
 * idle by something on the way.
 */
export function mayBeIdleDeath(seconds: number, ageMs: number): boolean {
  return ageMs >= IDLE_MS && ageMs < seconds * 900;
}

/**
 * The wait after a poll that was to wait for `asked` seconds was broken off: with the second one in a row three quarters of the younger
 * one's age, but no less than `minSeconds`. It never grows again while the connection lasts, since
 * polling more often costs little and polls that break off cost time.
 */
export function waitAfterDeath(
  wait: PollWait,
  asked: number,
  ageMs: number,
  minSeconds: number,
): PollWait {
  // It was opened before the wait became shorter, and says nothing about that.
  if (asked > wait.seconds) return wait;
  if (wait.died === undefined) return { seconds: wait.seconds, died: ageMs };
  const fitting = Math.floor((Math.min(wait.died, ageMs) * 3) / 4 / 1000);
  const seconds = Math.min(wait.seconds, Math.max(minSeconds, fitting, 1));
  return { seconds, died: undefined };
}

/** The wait after a poll was answered: one that grew older than the dead one clears the suspicion. */
export function waitAfterLife(wait: PollWait, ageMs: number): PollWait {
  if (wait.died === undefined || ageMs < wait.died) return wait;
  return { seconds: wait.seconds, died: undefined };
}
