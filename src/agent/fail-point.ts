/**
 * Moments at which a crash test has this process killed, by CARONTE_FAIL_POINT=`<name>`, or
 * `<name>:<n>` for the n-th time that the moment comes.
 */
export const FAIL_POINT = {
  /** The proxy has been told that an exchange arrived, and the target knows nothing of it. */
  acknowledgedBeforeTarget: 'acknowledged_before_target',
  /** The target's answer has begun, and nothing of it has left. */
  answeredBeforeReply: 'target_answered_before_reply',
  /** Of a reply in pieces the first has left, and there are more to come. */
  midReply: 'mid_reply',
} as const;

type FailPoint = (typeof FAIL_POINT)[keyof typeof FAIL_POINT];

/** What was handed to a connection of this machine's has left by then, in milliseconds. */
const LEAVES_WITHIN_MS = 250;

const { wanted, nth } = readFailPoint(process.env['CARONTE_FAIL_POINT'] ?? '');

/** How often the moment has come. */
let passed = 0;

/** Ends this process at once, as a power cut would, if that was asked for. Costs a comparison otherwise. */
export function failPoint(name: FailPoint): void {
  if (wanted === name && isDue()) crash();
}

/**
 * The same, once what was written before has left. True: the end is near, and nothing more is to be
 * done that it should come before.
 */
export function failPointOnceSent(name: FailPoint): boolean {
  if (wanted !== name || !isDue()) return false;
  setTimeout(crash, LEAVES_WITHIN_MS);
  return true;
}

export function readFailPoint(text: string): { wanted: string; nth: number } {
  const [, wanted = '', nth = '1'] = /^(\w+)(?::(\d+))?$/.exec(text) ?? [];
  return { wanted, nth: Number(nth) };
}

/** From the n-th time on: while the end is near, others must not slip by. */
function isDue(): boolean {
  passed += 1;
  return passed >= nth;
}

function crash(): void {
  process.kill(process.pid, 'SIGKILL');
}
