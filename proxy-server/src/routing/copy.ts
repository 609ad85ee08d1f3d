import type { Turn } from './body.ts';
import type { Caller } from './caller.ts';
import { BodyCopy, type CopyLimits } from './body-copy.ts';
import { Exchange } from './exchange.ts';

/** Nobody waits for the reply to a copy: whatever an agent sends is read and dropped. */
const NOBODY: Caller = {
  inform: () => undefined,
  respond: () => true,
  start: () => true,
  write: () => true,
  onDrain: (callback) => callback(),
  end: () => true,
  breakOff: () => undefined,
  accept: () => undefined,
  fail: () => undefined,
};

/** Whether further agents may get the exchange: its request must be all that goes to the target. */
export function isCopyable({ body }: Exchange): boolean {
  switch (body.form.kind) {
    case 'none':
    case 'inline':
    case 'stream':
      return true;
    case 'upgrade':
      return false;
  }
}

/**
 * The same request for one more agent. It ends once that agent has all of it, and as if its caller
 * had left if the body never gets complete; how the original ends does not matter to it. `onTurn` is
 * told for whom its body waits, once it is fetched.
 */
export function copyOf(
  original: Exchange,
  limits: CopyLimits,
  onTurn: (turn: Turn) => void,
): Exchange {
  const { id, code, head, receivedAt, patienceMs, attempt, queued } = original;
  const body = new BodyCopy(original, limits, { onAbort: () => copy.left(), onTurn });
  const copy = new Exchange({
    id,
    code,
    head,
    body,
    receivedAt,
    patienceMs,
    caller: NOBODY,
    isCopy: true,
    attempt,
    ...(queued !== undefined && { queued }),
  });
  copy.onEnd(() => body.discard());
  return copy;
}
