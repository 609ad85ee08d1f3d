import { setTimeout as delay } from 'node:timers/promises';

/** How long something may take that normally takes a moment, in milliseconds. */
export const SOON = 10_000;

/** How often a condition that has no event of its own is looked at. */
const LOOK_EVERY = 10;

/** The promise's value. Rejects after `ms` milliseconds; `what` says what did not come. */
export async function within<T>(
  ms: number,
  what: string | (() => string),
  promise: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no ${typeof what === 'string' ? what : what()} within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the condition holds. Rejects after `ms` milliseconds; `what` says what did not come. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  ms: number = SOON,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`no ${typeof what === 'string' ? what : what()} within ${ms} ms`);
    }
    await delay(LOOK_EVERY);
  }
}

/** Waits until a request that was sent at `since` is so old that a FIN can only mean departure. */
export async function pastHalfClose(since: number): Promise<void> {
  await until(() => performance.now() - since > 200, 'time to pass');
}
