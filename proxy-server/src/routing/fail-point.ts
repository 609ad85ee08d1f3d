/** Moments at which a test has the process killed, in the order in which a queued request meets them. */
export const FAIL_POINTS = [
  /** A request that is to be kept has arrived. */
  'accepted',
  /** Its body is in a file, and that file is on disk. */
  'body_spooled',
  'before_fsync',
  /** The request is on disk, and nobody knows. */
  'after_fsync',
  /** The same, just before the caller is told. */
  'committed',
  /** A delivery is counted, and no agent has it. */
  'leased',
  /** A poll was answered, and the agent has not said that it got the answer. */
  'poll_answered',
  /** A reply is there, and what it means is not on disk. */
  'reply_before_commit',
  /** A piece of an answer was written to its caller, and more is to come. */
  'mid_answer',
] as const;

export type FailPoint = (typeof FAIL_POINTS)[number];

const [NAME, NUMBER] = (process.env['CARONTE_FAIL_POINT'] ?? '').split(':');

let left = Number(NUMBER ?? 1);

/**
 * Kills the process, as a loss of power would, if `CARONTE_FAIL_POINT` in the environment names this
 * point; with a number, as in `leased:3`, when it is met for that time. For tests of what survives.
 */
export function failPoint(name: FailPoint): void {
  if (NAME !== name) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}
